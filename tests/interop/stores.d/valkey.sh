# Valkey: as redis.sh, with the other server. Debian has it from version 13 on, and for version 12 among its backports,
# which are then looked at for this one package: the system's own list of sources stays as it is.

flavour=valkey
# shellcheck source=/dev/null
source "$here/stores.d/redis.sh"

# from_backports: installs it from the backports of this Debian release, if there are any and they have it.
from_backports() {
  local release mirror options
  release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $release" "Created-By: Packages" | head -n 1)
  [[ -n $release && -n $mirror ]] || return 1
  mkdir -p "$run_dir/apt/lists/partial"
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list >"$run_dir/apt/all.list" 2>/dev/null || true
  cp /etc/apt/sources.list.d/*.sources "$run_dir/apt/" 2>/dev/null || true
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s-backports main\n' \
    "$mirror" "$release" >>"$run_dir/apt/all.list"
  options=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$run_dir/apt"
    -o Dir::State::Lists="$run_dir/apt/lists" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update \
    && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get "${options[@]}" install -y --no-install-recommends \
      -t "$release-backports" valkey-server
}

if ! command -v valkey-server >/dev/null && [[ $(id -u) -eq 0 ]]; then
  apt-get update >"$run_dir/apt.log" 2>&1 || true
  if [[ -z $(apt-cache search --names-only '^valkey-server$' 2>/dev/null) ]]; then
    say "valkey: looking for it among the backports of this Debian release"
    from_backports >>"$run_dir/apt.log" 2>&1 \
      || not_run "neither the archive of this Debian release nor its backports have the package valkey-server"
  fi
fi
