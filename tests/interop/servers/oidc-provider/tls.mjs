// Certificates of one run: an authority, the server's, and those of clients.
//
// They are made by `openssl` in the folder of the run, which goes when it ends.

import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CONFIG = `
[req]
distinguished_name = name
prompt = no
[name]
CN = interop
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = IP:127.0.0.1
[client]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:interop-mtls.example
[other]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:other.example
`;

export function certificates(folder) {
  const config = join(folder, 'openssl.cnf');
  writeFileSync(config, CONFIG);
  const path = (name, what) => join(folder, `${name}.${what}`);
  const make = (name, extensions, signer) => {
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-config', config, '-subj', `/CN=${name}`, '-extensions', extensions,
      '-keyout', path(name, 'key'), '-out', path(name, 'pem'),
      ...(signer ? ['-CA', path(signer, 'pem'), '-CAkey', path(signer, 'key')] : []),
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    return {
      certificate: readFileSync(path(name, 'pem'), 'utf8'),
      key: readFileSync(path(name, 'key'), 'utf8'),
      file: path(name, 'pem'),
    };
  };
  return {
    authority: make('authority', 'authority'),
    server: make('server', 'server', 'authority'),
    // Of a client that is known by a name in its certificate, and another of the same authority.
    client: make('client', 'client', 'authority'),
    other: make('other', 'other', 'authority'),
    // Of a client that is known by this very certificate.
    own: make('own', 'other'),
  };
}

// A certificate as a client's registered key (RFC 8705, section 2.2).
export function asJwk({ certificate, key }) {
  const jwk = createPublicKey(createPrivateKey(key)).export({ format: 'jwk' });
  return { ...jwk, use: 'sig', x5c: [new X509Certificate(certificate).raw.toString('base64')] };
}

// What the client has shown in the handshake of this request; nothing over plain HTTP.
export function shownCertificate(ctx) {
  const raw = ctx.req.socket.getPeerCertificate?.()?.raw;
  return raw && new X509Certificate(raw);
}
