//! What each standard requires, as far as a provider's file decides it.

use crate::spec::{
    AssertionAudience, BodyFormat, ChallengeEncoding, ChallengeMethod, ClientAuthMethod, MintedAlg, Pkce, Placement,
    ProviderSpec, Push, RefreshWith, RevokePlace, SigningAlg, StatePlace, TokenBound,
};

use super::{Standard, Unmet};

/// A provider, and whether the client has no credentials there.
struct Use<'a> {
    spec: &'a ProviderSpec,
    public: bool,
}

/// One requirement: the key that decides it, what it would have to say, where the standard says so, and whether it does.
struct Rule(&'static str, &'static str, &'static str, fn(&Use<'_>) -> bool);

/// Every requirement that is not met.
pub(super) fn unmet(spec: &ProviderSpec, standard: Standard, public: bool) -> Vec<Unmet> {
    let rules = match standard {
        Standard::Rfc9700 => RFC9700,
        Standard::Fapi2 => FAPI2,
        Standard::Mcp => MCP,
    };
    let used = Use { spec, public };
    let broken = rules.iter().filter(|Rule(.., holds)| !holds(&used));
    broken.map(|&Rule(key, wanted, section, _)| Unmet { standard, key, wanted, section }).collect()
}

const RFC9700: &[Rule] = &[
    Rule(
        "pkce",
        "codes are protected by PKCE, or by the nonce of a confidential client",
        "section 2.1.1",
        has_pkce_or_nonce,
    ),
    Rule("pkce.method", "the challenge is `S256`, in base64url", "section 2.1.1", hides_the_verifier),
    Rule(
        "authorize.state",
        "`state` is a parameter, and the redirect URI the same each time",
        "section 2.1",
        redirects_exactly,
    ),
    Rule("endpoints.iss_in_callback", "each callback names its issuer", "section 4.4.2", names_the_issuer),
    Rule("grants.password", "nobody's password goes to the client", "section 2.4", takes_no_passwords),
    Rule("token.placement", "the token is no part of an address", "section 4.3.2", keeps_tokens_out_of_queries),
    Rule(
        "refresh.format",
        "the token that renews itself is no part of an address",
        "section 4.3.2",
        renews_in_the_body,
    ),
    Rule("revoke.format", "the token that is revoked is no part of an address", "section 4.3.2", revokes_in_the_body),
    Rule(
        "introspect.format",
        "the token that is asked about is no part of an address",
        "section 4.3.2",
        asks_in_the_body,
    ),
    Rule(
        "refresh.rotates",
        "a public client's refresh tokens rotate, or are bound to a key",
        "section 2.2.2",
        public_refresh_is_safe,
    ),
];

const FAPI2: &[Rule] = &[
    Rule("endpoints.discovery", "the issuer's metadata says where the endpoints are", "5.3.3.1", reads_metadata),
    Rule("client_auth", "the client proves itself with `private_key_jwt` or `mtls`", "5.3.3.1", has_asymmetric_proof),
    Rule("client_auth.audience", "its assertions are for the issuer", "5.3.3.1", addresses_the_issuer),
    Rule("client_auth.alg", "its assertions are signed with PS256, ES256 or EdDSA", "5.4.1", signs_assertions_well),
    Rule(
        "dpop",
        "tokens are bound to a key, `dpop: required`, or to a certificate, `token.bound: mtls`",
        "5.3.3.1",
        binds_tokens,
    ),
    Rule("dpop.alg", "proofs are signed with ES256 or EdDSA", "5.4.1", signs_proofs_well),
    Rule("token.placement", "the token is in the header `Authorization`", "5.3.3.1", sends_tokens_in_the_header),
    Rule("authorize.push", "every authorization request is pushed", "5.3.3.2", pushes_every_request),
    Rule("authorize.response_type", "the answer is a code alone", "5.3.2.2", answers_with_a_code),
    Rule(
        "authorize.request_object",
        "request objects are signed with PS256, ES256 or EdDSA",
        "5.4.1",
        signs_requests_well,
    ),
    Rule("pkce", "PKCE is required, with `S256`", "5.3.2.2", requires_pkce),
    Rule("endpoints.iss_in_callback", "each callback names its issuer", "5.3.2.2", names_the_issuer),
    Rule("refresh.rotates", "refresh tokens do not rotate", "5.3.2.1", does_not_rotate),
    Rule("grants.password", "nobody's password goes to the client", "5.3.2.1", takes_no_passwords),
    Rule("grants.jwt_bearer.assertion", "assertions are signed with PS256, ES256 or EdDSA", "5.4.1", signs_grants_well),
    Rule("openid.algs", "ID tokens are signed with PS256, ES256 or EdDSA alone", "5.4.1", believes_good_signatures),
];

const MCP: &[Rule] = &[
    Rule("pkce", "PKCE is required, with `S256`", "Authorization Code Protection", requires_pkce),
    Rule(
        "authorize.resource",
        "tokens are for a resource that the requests name",
        "Resource Parameter Implementation",
        names_resources,
    ),
    Rule(
        "endpoints.issuer",
        "the issuer is known, to compare callbacks with",
        "Authorization Response Validation",
        knows_the_issuer,
    ),
    Rule("authorize.response_type", "the answer is a code alone", "OAuth 2.1", answers_with_a_code),
    Rule(
        "authorize.state",
        "`state` is a parameter, and the redirect URI the same each time",
        "Open Redirection",
        redirects_exactly,
    ),
    Rule("grants.password", "nobody's password goes to the client", "OAuth 2.1", takes_no_passwords),
    Rule(
        "token.placement",
        "the token is in the header `Authorization`",
        "Access Token Usage",
        sends_tokens_in_the_header,
    ),
    Rule("refresh.rotates", "a public client's refresh tokens rotate", "Token Theft", public_refresh_rotates),
];

impl Use<'_> {
    /// What is said of logins is met where there are none.
    fn logs_in(&self) -> bool {
        self.spec.endpoints.authorizes()
    }

    fn binds(&self) -> bool {
        self.spec.dpop.is_some_and(|dpop| dpop.is_required()) || self.spec.token.bound == Some(TokenBound::Mtls)
    }
}

/// RFC 9700 section 2.1.1: "Public clients MUST use PKCE"; a confidential OpenID Connect client "MAY use the nonce parameter"
/// instead. One that comes only with a scope of the caller's choice protects nothing by itself.
fn has_pkce_or_nonce(used: &Use<'_>) -> bool {
    let nonce = used.spec.openid.as_ref().is_some_and(|openid| {
        let comes = openid.required || used.spec.scopes.required.iter().any(|scope| scope == "openid");
        openid.nonce && comes && !used.public
    });
    !used.logs_in() || used.spec.pkce != Pkce::Unsupported || nonce
}

/// RFC 9700 section 2.1.1: challenge methods that "do not expose the PKCE verifier in the authorization request", which is
/// `S256` alone.
fn hides_the_verifier(Use { spec, .. }: &Use<'_>) -> bool {
    let challenge = &spec.challenge;
    let usual = challenge.method == ChallengeMethod::S256 && challenge.encoding == ChallengeEncoding::Base64Url;
    usual || spec.pkce == Pkce::Unsupported
}

/// RFC 9700 section 2.1: servers "MUST utilize exact string matching" of redirect URIs.
fn redirects_exactly(Use { spec, .. }: &Use<'_>) -> bool {
    spec.authorize.state.place == StatePlace::Param
}

/// RFC 9700 section 4.4.2, RFC 9207 section 2: the answer says whose it is, or its ID token does. A redirect URI that is one
/// provider's alone would do as well, but no file says that of a program.
fn names_the_issuer(used: &Use<'_>) -> bool {
    let endpoints = &used.spec.endpoints;
    let compared = endpoints.issuer.is_some() && endpoints.iss_in_callback;
    !used.logs_in() || compared || used.spec.authorize.is_hybrid()
}

/// RFC 9700 section 2.4: the password grant "MUST NOT be used".
fn takes_no_passwords(Use { spec, .. }: &Use<'_>) -> bool {
    spec.grants.password.is_none()
}

/// RFC 9700 section 4.3.2: "Clients MUST NOT pass access tokens in a URI query parameter".
fn keeps_tokens_out_of_queries(Use { spec, .. }: &Use<'_>) -> bool {
    !matches!(spec.token.placement, Placement::Query { .. })
}

fn renews_in_the_body(Use { spec, .. }: &Use<'_>) -> bool {
    let shown = |rule: &crate::spec::Refresh| rule.with == RefreshWith::AccessToken && rule.format == BodyFormat::Query;
    !spec.refresh.as_ref().is_some_and(shown)
}

fn revokes_in_the_body(Use { spec, .. }: &Use<'_>) -> bool {
    let shown = |rule: &crate::spec::Revoke| rule.place == RevokePlace::Param && rule.format == BodyFormat::Query;
    !spec.revoke.as_ref().is_some_and(shown)
}

fn asks_in_the_body(Use { spec, .. }: &Use<'_>) -> bool {
    !spec.introspect.as_ref().is_some_and(|rule| rule.format == BodyFormat::Query)
}

/// RFC 9700 section 2.2.2: "Refresh tokens for public clients MUST be sender-constrained or use refresh token rotation".
fn public_refresh_is_safe(used: &Use<'_>) -> bool {
    public_refresh_rotates(used) || used.binds()
}

/// MCP, Token Theft: "For public clients, authorization servers MUST rotate refresh tokens".
fn public_refresh_rotates(used: &Use<'_>) -> bool {
    !used.public || used.spec.refresh.as_ref().is_none_or(|refresh| refresh.rotates)
}

/// FAPI 2.0 section 5.3.3.1: clients "shall only use authorization server metadata [..] retrieved from the metadata document".
fn reads_metadata(Use { spec, .. }: &Use<'_>) -> bool {
    spec.endpoints.discovery
}

/// FAPI 2.0 sections 5.3.2.1 and 5.3.3.1: confidential clients only, with one of two methods.
fn has_asymmetric_proof(used: &Use<'_>) -> bool {
    let method = used.spec.client_auth.method;
    !used.public && matches!(method, ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::Mtls)
}

/// FAPI 2.0 section 5.3.3.1: with `private_key_jwt`, the client "shall use the authorization server's issuer identifier value"
/// as `aud`.
fn addresses_the_issuer(Use { spec, .. }: &Use<'_>) -> bool {
    spec.client_auth.assertion.as_ref().is_none_or(|own| own.audience == AssertionAudience::Issuer)
}

/// FAPI 2.0 section 5.4.1: JWTs use "`PS256`, `ES256`, or `EdDSA`".
fn is_good(alg: SigningAlg) -> bool {
    matches!(alg, SigningAlg::PS256 | SigningAlg::ES256 | SigningAlg::EdDSA)
}

fn is_good_key(alg: MintedAlg) -> bool {
    matches!(alg, MintedAlg::Ps256 | MintedAlg::Es256 | MintedAlg::EdDsa)
}

fn signs_assertions_well(Use { spec, .. }: &Use<'_>) -> bool {
    spec.client_auth.assertion.as_ref().is_none_or(|own| is_good(own.alg))
}

fn signs_proofs_well(Use { spec, .. }: &Use<'_>) -> bool {
    spec.dpop.is_none_or(|dpop| is_good(dpop.alg))
}

fn signs_requests_well(Use { spec, .. }: &Use<'_>) -> bool {
    spec.authorize.request_object.as_ref().is_none_or(|object| is_good_key(object.alg))
}

fn signs_grants_well(Use { spec, .. }: &Use<'_>) -> bool {
    let form = spec.grants.jwt_bearer.as_ref().and_then(|bearer| bearer.assertion.as_ref());
    form.is_none_or(|form| is_good_key(form.alg))
}

fn believes_good_signatures(Use { spec, .. }: &Use<'_>) -> bool {
    spec.openid.as_ref().is_none_or(|openid| openid.algs.iter().all(|alg| is_good(*alg)))
}

/// FAPI 2.0 section 5.3.3.1: "sender-constrained access tokens", by mTLS or `DPoP`.
fn binds_tokens(used: &Use<'_>) -> bool {
    used.binds()
}

/// FAPI 2.0 section 5.3.3.1: tokens go "in the HTTP header as in Section 2.1" of RFC 6750; MCP says the same.
fn sends_tokens_in_the_header(Use { spec, .. }: &Use<'_>) -> bool {
    spec.token.placement == Placement::default()
}

/// FAPI 2.0 section 5.3.3.2: clients "shall use pushed authorization requests".
fn pushes_every_request(used: &Use<'_>) -> bool {
    let pushes = match used.spec.authorize.push {
        Push::Required => true,
        Push::Supported => used.spec.endpoints.pushed_authorization.is_some(),
        Push::Asked => false,
    };
    !used.logs_in() || pushes
}

/// FAPI 2.0 section 5.3.2.2: `response_type` is `code`.
fn answers_with_a_code(used: &Use<'_>) -> bool {
    !used.logs_in() || used.spec.authorize.response_type() == "code"
}

/// FAPI 2.0 section 5.3.2.2: servers "shall require PKCE with S256". MCP: clients "MUST verify PKCE support before proceeding".
fn requires_pkce(used: &Use<'_>) -> bool {
    !used.logs_in() || (used.spec.pkce == Pkce::Required && hides_the_verifier(used))
}

/// FAPI 2.0 section 5.3.2.1: servers "shall not use refresh token rotation except in extraordinary circumstances".
fn does_not_rotate(Use { spec, .. }: &Use<'_>) -> bool {
    spec.refresh.as_ref().is_none_or(|refresh| !refresh.rotates)
}

/// MCP, Resource Parameter Implementation: `resource` "MUST be included in both authorization requests and token requests".
fn names_resources(used: &Use<'_>) -> bool {
    !used.logs_in() || !used.spec.authorize.resource.is_empty()
}

/// MCP, Authorization Response Validation: a present `iss` is compared with the recorded issuer.
fn knows_the_issuer(used: &Use<'_>) -> bool {
    !used.logs_in() || used.spec.endpoints.issuer.is_some()
}
