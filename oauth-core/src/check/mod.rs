//! From what an author wrote to what is true: every fault of a file is found here, once, and with its reason.
//!
//! First each section is lowered: defaults are filled in, and what is missing or cannot be read is reported. Then the
//! rules go over the whole. A rule is a function under the sentence that justifies it; [`RULES`] lists them.

mod address;
mod api;
mod assertion;
mod authorize;
mod callback;
mod client_auth;
mod condition;
mod consent;
mod cx;
mod dpop;
mod endpoints;
mod environments;
mod fetch;
mod grants;
mod identity;
mod introspect;
mod logout;
mod lookup;
mod mechanisms;
mod names;
mod openid;
mod pkce;
mod profile;
mod quirks;
mod redirect;
mod refresh;
mod request_object;
mod response;
mod revoke;
mod scopes;
mod settings;
mod signed;
mod templates;
mod text;
mod token;
mod unique;
mod wire;

pub(crate) use self::cx::Cx;

#[cfg(test)]
pub(crate) mod testing;

use crate::schema;
use crate::spec::ProviderSpec;

type Rule = fn(&mut Cx<'_>, &ProviderSpec);

/// Every rule over the whole file.
const RULES: &[Rule] = &[
    identity::topics_are_words,
    settings::names_are_usable,
    settings::values_fit_their_type,
    environments::names_are_words,
    environments::hosts_are_the_files,
    endpoints::a_grant_has_its_endpoint,
    endpoints::addresses_are_safe,
    endpoints::iss_needs_an_issuer,
    openid::discovery_has_an_issuer,
    openid::identity_is_sound,
    pkce::challenge_is_sound,
    redirect::some_address_fits,
    quirks::what_weakens_is_explained,
    scopes::values_are_scope_tokens,
    scopes::separators_separate,
    scopes::defaults_are_known,
    scopes::second_set_is_sound,
    authorize::parameters_are_the_providers_own,
    authorize::options_are_sound,
    authorize::form_is_sound,
    authorize::state_is_unguessable,
    request_object::pushing_has_its_endpoint,
    request_object::resources_are_absolute,
    request_object::request_object_is_sound,
    request_object::a_hybrid_answer_is_verified,
    callback::names_and_codes_are_sound,
    callback::signature_and_profile_are_sound,
    signed::a_signed_callback_is_verified,
    signed::signed_answers_have_keys,
    client_auth::method_is_sound,
    assertion::assertion_is_sound,
    client_auth::a_header_shows_the_secret,
    dpop::proofs_are_sound,
    token::request_is_sound,
    response::response_is_sound,
    response::extras_are_sound,
    token::placement_is_sound,
    token::upgrade_is_sound,
    lookup::lookup_is_sound,
    refresh::request_is_sound,
    revoke::request_is_sound,
    grants::each_has_its_endpoint,
    grants::requests_are_sound,
    grants::a_client_proves_itself_for_tokens_of_its_own,
    grants::device_is_sound,
    grants::ciba_is_sound,
    grants::assertion_is_sound,
    introspect::request_is_sound,
    logout::request_is_sound,
    consent::request_is_sound,
    profile::request_is_sound,
    api::base_and_hosts_are_sound,
    api::failures_are_sound,
    api::operations_are_sound,
    mechanisms::names_are_words,
    mechanisms::a_proof_replaces_the_secret,
    mechanisms::a_session_leaves_a_way_to_refresh,
    quirks::fields_exist,
    unique::rust_names_are_unique,
];

/// The spec, unless the context has faults afterwards.
pub(crate) fn check(cx: &mut Cx<'_>, file: schema::Provider) -> ProviderSpec {
    let spec = identity::provider(cx, file);
    for rule in RULES {
        rule(cx, &spec);
    }
    environments::rules_hold_in_each(cx, &spec, RULES);
    spec
}
