# Valkey: as redis.sh, with the other server. Debian has it from version 13 on.

flavour=valkey
# shellcheck source=/dev/null
source "$here/stores.d/redis.sh"

if ! command -v valkey-server >/dev/null; then
  [[ $(id -u) -ne 0 ]] || apt-get update >/dev/null 2>&1 || true
  [[ -n $(apt-cache search --names-only '^valkey-server$' 2>/dev/null) ]] \
    || not_run "the archive of this Debian release has no package valkey-server"
fi
