// The authorization server of the oidc-provider interop suite.
//
// It listens on a free loopback port and then writes exactly one line to
// stdout, a JSON object that tells the driver how to reach it:
//
//   {"issuer": "http://127.0.0.1:PORT", "port": PORT, "client_secret": "...",
//    "client_key": "-----BEGIN PRIVATE KEY-----..."}
//
// Everything else (the library's notices, server errors) goes to stderr. The
// process ends by itself when its stdin closes, so it never outlives the
// script that started it. All state is in memory and all keys are made at
// start: two runs share nothing.
//
// Environment (all optional):
//   INTEROP_CLIENT_SECRET     secret of the two confidential clients; a random
//                             one is made when it is unset or empty
//   INTEROP_ACCESS_TOKEN_TTL  lifetime of access tokens in seconds (60)
//   INTEROP_ID_TOKEN_ALG      ID token signature: RS256 (the default), PS256,
//                             ES256, EdDSA or Ed25519
//   INTEROP_FEATURES          comma-separated extra features, see `extras`
//   INTEROP_BACKCHANNEL_URI   where logout tokens go (a loopback address)

import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

if (typeof URL.parse !== 'function') {
  throw new Error(`Node.js ${process.version} is too old for oidc-provider: it has no URL.parse`);
}

// The library writes notices with console.info, which is stdout by default;
// stdout belongs to the one JSON line.
console.log = console.info = console.debug = console.error;

// ---------------------------------------------------------------------------
// Settings

const HOST = '127.0.0.1';

const clientSecret = process.env.INTEROP_CLIENT_SECRET || randomSecret();
const accessTokenTtl = positiveInteger('INTEROP_ACCESS_TOKEN_TTL', 60);
const idTokenAlg = process.env.INTEROP_ID_TOKEN_ALG || 'RS256';

// The reserved characters at the end are on purpose: a client that does not
// form-encode its secret before it builds the Basic header (RFC 6749, section
// 2.3.1), or does not encode it in a request body, fails to authenticate.
function randomSecret() {
  return `${randomBytes(24).toString('base64url')}:%2B+/&=~`;
}

function positiveInteger(name, fallback) {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  if (!/^[1-9][0-9]*$/.test(text)) throw new Error(`${name} must be a positive integer, not ${JSON.stringify(text)}`);
  return Number(text);
}

// ---------------------------------------------------------------------------
// Keys, clients and accounts

// One private key of each kind, so that the JWKS holds several and a client has
// to pick by `kid`.
function signingKeys() {
  const jwk = (type, options) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
    use: 'sig',
  });
  return [
    jwk('rsa', { modulusLength: 2048 }),
    jwk('ec', { namedCurve: 'P-256' }),
    jwk('ed25519'),
  ];
}

// The library ignores the port of a loopback redirect_uri for native clients
// only (RFC 8252, section 7.3); that is why even the confidential ones are
// registered as native. It also makes the library ask for consent every time.
const common = {
  application_type: 'native',
  redirect_uris: [`http://${HOST}/callback`],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'],
  id_token_signed_response_alg: idTokenAlg,
};

// The key of the client that proves itself by signed assertions; the driver is
// told the private half.
const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const clientJwk = {
  ...createPublicKey(clientKey).export({ format: 'jwk' }), kid: 'interop-key', use: 'sig', alg: 'ES256',
};
const backchannelUri = process.env.INTEROP_BACKCHANNEL_URI;

const clients = [
  {
    ...common,
    client_id: 'interop-web',
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_basic',
    post_logout_redirect_uris: [`http://${HOST}:54321/bye`],
    ...(backchannelUri && { backchannel_logout_uri: backchannelUri, backchannel_logout_session_required: true }),
  },
  {
    ...common,
    client_id: 'interop-post',
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_post',
  },
  {
    ...common,
    client_id: 'interop-public',
    token_endpoint_auth_method: 'none',
  },
  {
    client_id: 'interop-machine',
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  },
  {
    ...common,
    client_id: 'interop-device',
    token_endpoint_auth_method: 'none',
    grant_types: [...common.grant_types, 'urn:ietf:params:oauth:grant-type:device_code'],
  },
  {
    ...common,
    client_id: 'interop-jwt',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [clientJwk] },
  },
  {
    ...common,
    client_id: 'interop-hybrid',
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [...common.grant_types, 'implicit'],
    response_types: ['code id_token', 'code'],
  },
  {
    ...common,
    client_id: 'interop-dpop',
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_basic',
    dpop_bound_access_tokens: true,
  },
];

// Every login name is an account, and its claims follow from the name alone.
async function findAccount(_ctx, sub) {
  const encoded = encodeURIComponent(sub);
  return {
    accountId: sub,
    async claims() {
      return {
        sub,
        name: `Interop ${sub}`,
        email: `${encoded}@example.test`,
        email_verified: true,
        preferred_username: sub,
        picture: `https://example.test/${encoded}.png`,
      };
    },
  };
}

// ---------------------------------------------------------------------------
// Configuration of the library

const configuration = {
  clients,
  findAccount,
  jwks: { keys: signingKeys() },
  cookies: { keys: [randomBytes(32).toString('base64url')] },

  responseTypes: ['code', 'code id_token'],
  scopes: ['openid', 'offline_access', 'api:read'], // the keys of `claims` are scopes too
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username', 'picture'],
    email: ['email', 'email_verified'],
  },

  pkce: { required: () => true }, // S256 is the only method the library knows

  rotateRefreshToken: true,
  // The library itself drops offline_access from a request without
  // prompt=consent, so the scope is there only when it was really granted.
  issueRefreshToken: async (_ctx, client, source) => (
    client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access')
  ),

  // Client and server share one clock here. The library's default would go on
  // taking an access token for 15 s after the end of its `expires_in`.
  clockTolerance: 0,
  ttl: {
    AccessToken: accessTokenTtl,
    AuthorizationCode: 60,
    ClientCredentials: accessTokenTtl,
    DeviceCode: 600,
    Grant: 86400,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 86400,
  },

  features: {
    // Login page that takes any user name and password, and a consent page.
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    // A proof without the server's nonce is refused, at the token endpoint and at userinfo.
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true },
    requestObjects: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => ({
        audience: resource, scope: 'api:read', accessTokenFormat: 'jwt', accessTokenTTL: accessTokenTtl,
      }),
    },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },

  // Logout tokens go to the driver, on loopback.
  fetch: (url, options) => fetch(url, options),
};

// Extra features by name, switched on by INTEROP_FEATURES. To add one, add an
// entry that changes `configuration` (or the clients) as needed.
const extras = {
  // Pushed authorization requests are always offered; this refuses all others.
  requirePar() {
    configuration.features.pushedAuthorizationRequests = {
      enabled: true,
      requirePushedAuthorizationRequests: true,
    };
  },
};

for (const name of (process.env.INTEROP_FEATURES ?? '').split(',').map((s) => s.trim()).filter(Boolean)) {
  if (!Object.hasOwn(extras, name)) {
    throw new Error(`INTEROP_FEATURES: unknown feature ${JSON.stringify(name)}; known: ${Object.keys(extras).join(', ')}`);
  }
  extras[name]();
}

// ---------------------------------------------------------------------------
// Start and end

// The issuer holds the port, so the port is taken first and the provider is
// made for it afterwards. Nobody knows the port before the JSON line is out.
const { Provider } = await import('oidc-provider'); // after console was redirected

const server = createServer();
await new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(0, HOST, resolve);
});
const { port } = server.address();
const issuer = `http://${HOST}:${port}`;

const provider = new Provider(issuer, configuration);
// The library checks a client when it is first used; a bad one shall end this
// process now and not show as a puzzling protocol error later.
for (const { client_id: id } of clients) await provider.Client.find(id);
provider.on('server_error', (_ctx, error) => console.error('server_error:', error));
server.on('request', provider.callback());

process.stdin.on('close', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();

process.stdout.write(`${JSON.stringify({
  issuer, port, client_secret: clientSecret, client_key: clientKey.export({ format: 'pem', type: 'pkcs8' }),
})}\n`);
