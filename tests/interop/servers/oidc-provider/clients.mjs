// The clients that the server knows: one for each kind.

export const HOST = '127.0.0.1';
export const BYE = `http://${HOST}:54321/bye`;

export function clients({ secret, jwk, ownCertificateJwk, idTokenAlg }) {
  // The library ignores the port of a loopback redirect_uri for native clients
  // only (RFC 8252, section 7.3); that is why even the confidential ones are
  // registered as native. It also makes the library ask for consent every time.
  const user = {
    application_type: 'native',
    // With a port, which counts only where the library sends an error without knowing the request.
    redirect_uris: [`http://${HOST}:54321/callback`],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    id_token_signed_response_alg: idTokenAlg,
  };
  const basic = { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' };
  const machine = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
  const keyed = {
    token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', jwks: { keys: [jwk] },
  };
  const device = 'urn:ietf:params:oauth:grant-type:device_code';
  const ciba = 'urn:openid:params:grant-type:ciba';
  // Users approve it on a device of their own; the client asks for the answer.
  const polls = { backchannel_token_delivery_mode: 'poll', backchannel_user_code_parameter: true };

  return [
    { ...user, ...basic, client_id: 'interop-web', post_logout_redirect_uris: [BYE] },
    { ...user, client_id: 'interop-post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
    { ...user, client_id: 'interop-public', token_endpoint_auth_method: 'none' },

    { ...machine, ...basic, client_id: 'interop-machine', authorization_details_types: ['payment'] },
    { ...machine, ...keyed, client_id: 'interop-key-machine' },
    {
      ...user,
      client_id: 'interop-device',
      token_endpoint_auth_method: 'none',
      grant_types: [...user.grant_types, device],
    },
    {
      ...user,
      ...basic,
      ...polls,
      client_id: 'interop-ciba',
      grant_types: [...user.grant_types, ciba],
      require_auth_time: true,
    },
    {
      ...user,
      ...keyed,
      ...polls,
      client_id: 'interop-ciba-jwt',
      grant_types: [...user.grant_types, ciba],
      require_auth_time: true,
    },

    { ...user, ...keyed, client_id: 'interop-jwt' },
    {
      ...user,
      client_id: 'interop-hmac',
      client_secret: secret,
      token_endpoint_auth_method: 'client_secret_jwt',
      token_endpoint_auth_signing_alg: 'HS256',
    },
    {
      ...user,
      client_id: 'interop-mtls',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'interop-mtls.example',
      tls_client_certificate_bound_access_tokens: true,
      ...polls,
      grant_types: [...user.grant_types, 'client_credentials', device, ciba],
    },
    {
      ...user,
      client_id: 'interop-self-signed',
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [ownCertificateJwk] },
      tls_client_certificate_bound_access_tokens: true,
    },
    // Proves itself by a secret; its tokens are bound to its certificate.
    { ...user, ...basic, client_id: 'interop-bound', tls_client_certificate_bound_access_tokens: true },

    { ...user, ...basic, client_id: 'interop-pushed', require_pushed_authorization_requests: true },
    {
      ...user,
      ...basic,
      client_id: 'interop-signed',
      jwks: { keys: [jwk] },
      request_object_signing_alg: 'ES256',
      require_signed_request_object: true,
    },
    {
      ...user,
      ...basic,
      client_id: 'interop-hybrid',
      grant_types: [...user.grant_types, 'implicit'],
      response_types: ['code id_token', 'code'],
    },
    {
      ...user,
      ...basic,
      ...polls,
      client_id: 'interop-dpop',
      dpop_bound_access_tokens: true,
      grant_types: [...user.grant_types, device, ciba],
    },
    { ...machine, ...basic, client_id: 'interop-dpop-machine', dpop_bound_access_tokens: true },
    { ...user, client_id: 'interop-dpop-public', token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true },
    { ...user, client_id: 'interop-web-app', ...basic, application_type: 'web', redirect_uris: ['https://app.example.test/callback'] },
    { ...user, ...basic, client_id: 'interop-details', authorization_details_types: ['payment'] },
    // What is asked for at the end of a session and of a token in signed forms.
    {
      ...user,
      ...basic,
      client_id: 'interop-jwt-answers',
      authorization_signed_response_alg: 'RS256',
      userinfo_signed_response_alg: 'RS256',
      introspection_signed_response_alg: 'RS256',
    },
  ];
}
