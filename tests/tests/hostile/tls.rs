//! Area NET, with servers over TLS whose certificates a test makes.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use oauth_core::http::{ReqwestClient, TransportErrorKind};
use oauth_core::{Error, ErrorKind, ExposeSecret as _, TokenSet};
use oauth_tests::again;
use oauth_tests::canned::Canned;
use oauth_tests::issuer::tells_nothing;
use oauth_tests::login::{ACME, SECRET, TOKENS, client};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An authority that only those trust who are told of it.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// What a server shows: a chain, its own certificate first, and its key.
type Shown = (Vec<CertificateDer<'static>>, Vec<u8>);

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let der = params.self_signed(&key).unwrap().der().clone();
        let text = base64::engine::general_purpose::STANDARD.encode(&der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for `localhost`, changed.
    pub(crate) fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Shown {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (vec![certificate.der().clone()], key.serialize_der())
    }
}

/// A server on `https://localhost:PORT` that answers each request with tokens. It lives as long as the process.
pub(crate) struct Server {
    pub(crate) origin: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn start(shown: Shown) -> Self {
        Self::breaking(shown, None)
    }

    /// The same, and what it says instead of an answer, below TLS.
    fn breaking((chain, key): Shown, broken: Option<Vec<u8>>) -> Self {
        let mut config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(chain, PrivateKeyDer::try_from(key).unwrap())
                .unwrap();
        // It would speak HTTP/2 to whoever offers it.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (requests, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (seen, count) = (Arc::clone(&requests), Arc::clone(&connections));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let mut tls =
                    rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
                let mut read = vec![0; 16 * 1024];
                let Some(length) = tls.read(&mut read).ok().filter(|length| *length > 0) else { continue };
                assert_ne!(tls.conn.alpn_protocol(), Some(&b"h2"[..]), "nobody offers HTTP/2");
                seen.lock().unwrap().push(String::from_utf8_lossy(&read[..length]).into_owned());
                if let Some(broken) = &broken {
                    let _ = tls.sock.write_all(broken);
                    let _ = tls.sock.shutdown(std::net::Shutdown::Write);
                    continue;
                }
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    TOKENS.len()
                );
                let _ = tls.write_all(format!("{head}{TOKENS}").as_bytes());
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        });
        Self { origin, requests, connections }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

const REFRESH: &str = "canary-refresh-token";

/// Refreshes at that server, with a transport that this authority is known to; and that the tokens are untouched.
async fn refreshed(server: &Server, http: ReqwestClient) -> Result<(), Error> {
    let yaml = ACME.replace("https://id.acme.example/token", &format!("{}/token?canary-query=1", server.origin));
    let account = client(&yaml).http_client(Arc::new(http)).account(TokenSet::new("old").with_refresh_token(REFRESH));
    let outcome = account.refresh().await.map(|_| ());
    if outcome.is_err() {
        assert_eq!(account.tokens().access_token().expose_secret(), "old");
        assert_eq!(account.tokens().refresh_token().unwrap().expose_secret(), REFRESH);
    }
    outcome
}

fn trusting(authority: &Authority) -> ReqwestClient {
    ReqwestClient::with_roots(&authority.pem, |builder| builder).unwrap()
}

/// That a server with this certificate gets no request, and what the error says of it.
async fn refused(authority: &Authority, shown: Shown) -> String {
    let server = Server::start(shown);
    let error = refreshed(&server, trusting(authority)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{}", error.explain());
    assert!(!error.needs_reauth(), "{}", error.explain());
    assert!(error.to_string().contains("localhost") && error.explain().contains("local clock"), "{}", error.explain());
    tells_nothing(&error, &[SECRET, REFRESH, "canary-query"]);
    assert!(server.requests().is_empty());
    assert_eq!(server.connections.load(Ordering::SeqCst), 1, "nothing is tried another way");
    let cause = std::error::Error::source(&error).and_then(std::error::Error::source).unwrap().to_string();
    cause.to_ascii_lowercase()
}

#[tokio::test]
async fn net_02_each_fault_of_a_certificate_ends_the_connection() {
    let authority = Authority::new();
    let sound = Server::start(authority.issue(|_| ()));
    refreshed(&sound, trusting(&authority)).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    assert_eq!(sound.requests().len(), 1);

    let day = rcgen::date_time_ymd;
    let expired = authority.issue(|params| (params.not_before, params.not_after) = (day(2001, 1, 1), day(2002, 1, 1)));
    assert!(refused(&authority, expired).await.contains("expired"));
    let other_name = authority.issue(|params| *params = CertificateParams::new(["id.example".to_owned()]).unwrap());
    assert!(refused(&authority, other_name).await.contains("name"));
    // RFC 9525 section 2: a name that is the subject's alone is none.
    let common_name = authority.issue(|params| {
        params.subject_alt_names.clear();
        params.distinguished_name.push(DnType::CommonName, "localhost");
    });
    refused(&authority, common_name).await;
    let for_clients = authority.issue(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    refused(&authority, for_clients).await;
    // Another authority, whose certificate the server shows along with its own.
    let stranger = Authority::new();
    let (mut chain, key) = stranger.issue(|_| ());
    chain.push(rustls::pki_types::pem::PemObject::from_pem_slice(stranger.pem.as_bytes()).unwrap());
    refused(&authority, (chain, key)).await;
    // The authority's own certificate, and a chain through one that is no authority.
    let self_signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    refused(&authority, (vec![self_signed.cert.der().clone()], self_signed.signing_key.serialize_der())).await;
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let middle = params.signed_by(&key, &authority.issuer).unwrap().der().clone();
    let below = Authority { issuer: Issuer::new(params, key), pem: String::new() };
    let (mut chain, key) = below.issue(|_| ());
    chain.push(middle);
    refused(&authority, (chain, key)).await;
}

/// A clock that is wrong shows as a certificate that is not valid yet, or no longer: the error says where to look.
#[tokio::test]
async fn net_18_a_certificate_that_is_not_valid_yet_points_to_the_clock() {
    let authority = Authority::new();
    let day = rcgen::date_time_ymd;
    let early = authority.issue(|params| (params.not_before, params.not_after) = (day(2090, 1, 1), day(2095, 1, 1)));
    assert!(refused(&authority, early).await.contains("not valid yet"));
}

#[tokio::test]
async fn net_17_authorities_are_added_and_nothing_turns_verification_off() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::start(authority.issue(|_| ()));
    // Each of two counts.
    let both = ReqwestClient::with_roots(&(other.pem.clone() + &authority.pem), |builder| builder).unwrap();
    refreshed(&server, both).await.unwrap();
    let wrong_name =
        Server::start(authority.issue(|params| *params = CertificateParams::new(["a.example".to_owned()]).unwrap()));
    for (server, ways) in [(&server, &other), (&wrong_name, &authority)] {
        let careless = ReqwestClient::with_roots(&ways.pem, |builder| {
            builder.tls_danger_accept_invalid_certs(true).tls_danger_accept_invalid_hostnames(true)
        });
        // A setting that the preconfigured TLS does not know makes no client; one that is ignored makes a strict one.
        if let Ok(careless) = careless {
            assert_eq!(refreshed(server, careless).await.unwrap_err().kind(), ErrorKind::Tls);
        }
        let careless = ReqwestClient::with(|builder| builder.tls_danger_accept_invalid_certs(true)).unwrap();
        assert_eq!(refreshed(server, careless).await.unwrap_err().kind(), ErrorKind::Tls);
        // A whole TLS configuration that believes everybody.
        let careless = ReqwestClient::with(|builder| builder.tls_backend_preconfigured(Credulous::config())).unwrap();
        assert_eq!(refreshed(server, careless).await.unwrap_err().kind(), ErrorKind::Tls);
    }
    assert_eq!((server.requests().len(), wrong_name.requests().len()), (1, 0));
    for nothing in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = ReqwestClient::with_roots(nothing, |builder| builder).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Tls, "{nothing}");
    }
}

/// A verifier that has no doubts.
#[derive(Debug)]
struct Credulous;

impl Credulous {
    fn config() -> rustls::ClientConfig {
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Self))
            .with_no_client_auth()
    }
}

impl rustls::client::danger::ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A container without a trust store: no client is made that would trust nobody, or everybody.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn net_04_without_a_trust_store_nothing_is_sent() {
    let name = "tls::net_04_without_a_trust_store_nothing_is_sent";
    if !again::is_child(name) {
        let empty = tempfile::NamedTempFile::new().unwrap();
        again::run(name, &[("SSL_CERT_FILE", empty.path())]);
        return again::run(name, &[("SSL_CERT_FILE", std::path::Path::new("/nowhere/roots.pem"))]);
    }
    let error = ReqwestClient::new().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Tls);
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(why.contains("No CA certificates"), "{why}");
    // The client that would use it says so before a byte is sent.
    let authority = Authority::new();
    let server = Server::start(authority.issue(|_| ()));
    let yaml = ACME.replace("https://id.acme.example/token", &format!("{}/token", server.origin));
    let told = client(&yaml).refresh(&TokenSet::new("old").with_refresh_token(REFRESH)).await.unwrap_err();
    assert_eq!(told.kind(), ErrorKind::Tls, "{}", told.explain());
    assert!(told.explain().contains("trust store"), "{}", told.explain());
    tells_nothing(&told, &[SECRET, REFRESH]);
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
    // Whoever names an authority goes on with that one alone.
    refreshed(&server, trusting(&authority)).await.unwrap();
    again::done();
}

/// RFC 9850 section 1: whoever has the key log reads the traffic. It is for browsers that are looked into, not for this.
#[cfg(unix)]
#[tokio::test]
async fn net_06_no_keys_are_logged() {
    let name = "tls::net_06_no_keys_are_logged";
    let folder = tempfile::tempdir().unwrap();
    if !again::is_child(name) {
        let (log, roots) = (folder.path().join("keys.log"), folder.path().join("roots.pem"));
        again::run(name, &[("SSLKEYLOGFILE", &log), ("SSL_CERT_FILE", &roots)]);
        return assert!(!log.exists(), "the keys of a connection were logged");
    }
    let authority = Authority::new();
    std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), &authority.pem).unwrap();
    let server = Server::start(authority.issue(|_| ()));
    for http in [
        ReqwestClient::new().unwrap(),
        trusting(&authority),
        ReqwestClient::guarded_with(oauth_core::http::Guard::new().dangerous_allow_loopback(), |b| b).unwrap(),
    ] {
        refreshed(&server, http).await.unwrap_or_else(|error| panic!("{}", error.explain()));
    }
    assert_eq!(server.requests().len(), 3);
    again::done();
}

/// A connection that was trusted and then breaks inside TLS: the request may have arrived, and an error that says otherwise
/// would have a refresh token that rotates used twice.
#[tokio::test]
async fn net_08_what_breaks_after_the_handshake_may_have_arrived() {
    let authority = Authority::new();
    // No record of TLS at all, one that does not decrypt, and the server's own word that something went wrong.
    for broken in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[23, 3, 3, 0, 32], &[21, 3, 3, 0, 2, 2, 80]] {
        let server = Server::breaking(authority.issue(|_| ()), Some([broken, &[0; 64]].concat()));
        let error = refreshed(&server, trusting(&authority)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network, "{broken:?}: {}", error.explain());
        assert_eq!(server.requests().len(), 1, "it arrived, and is not sent again");
    }
}

/// An answer without a length ends where TLS says that it does (RFC 8446 section 6.1): a form that somebody has cut off is
/// told from a whole one.
#[tokio::test]
async fn tok_05_a_form_ends_where_tls_says_so() {
    let authority = Authority::new();
    for ended in [true, false] {
        let (chain, key) = authority.issue(|_| ());
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::try_from(key).unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, listener.accept().unwrap().0);
            let mut read = vec![0; 16 * 1024];
            assert!(tls.read(&mut read).unwrap() > 0);
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n";
            tls.write_all(format!("{head}token_type=bearer&access_token=abcdef").as_bytes()).unwrap();
            if ended {
                tls.conn.send_close_notify();
            }
            tls.flush().unwrap();
        });
        let yaml = ACME.replace("https://id.acme.example/token", &format!("https://localhost:{port}/token"));
        let client = client(&yaml).http_client(Arc::new(trusting(&authority)));
        let outcome = client.refresh(&TokenSet::new("old").with_refresh_token(REFRESH)).await;
        if ended {
            assert_eq!(outcome.unwrap().access_token().expose_secret(), "abcdef");
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Network, "{}", error.explain());
            tells_nothing(&error, &[SECRET, REFRESH, "abcdef"]);
        }
    }
}

/// The backend of each connection is chosen where it is made: no default of the process is used or set.
#[tokio::test]
async fn su_06_no_backend_becomes_the_processs_default() {
    let authority = Authority::new();
    let server = Server::start(authority.issue(|_| ()));
    refreshed(&server, trusting(&authority)).await.unwrap();
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

/// The transport offers no HTTP/2 (see [`Server`]), and frames of HTTP/2 are no answer.
#[tokio::test]
async fn net_09_frames_of_http_2_are_no_answer() {
    let authority = Authority::new();
    let server = Server::start(authority.issue(|_| ()));
    refreshed(&server, trusting(&authority)).await.unwrap();
    assert!(server.requests()[0].starts_with("POST /token?canary-query=1 HTTP/1.1\r\n"), "{:?}", server.requests());
    assert!(!server.requests()[0].to_ascii_lowercase().contains("upgrade"));

    let frame = |kind: u8, length: usize| {
        [
            &[0, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 255).unwrap(), kind, 0, 0, 0, 0, 1][..],
            &vec![0; length],
        ]
        .concat()
    };
    let (settings, go_away, reset, empty_data, continuation) =
        (frame(4, 0), frame(7, 8), frame(3, 4), frame(0, 0), frame(9, 64));
    for flood in [reset, empty_data, continuation] {
        for answer in [
            oauth_tests::canned::Answer::Bytes([settings.clone(), go_away.clone()].concat()),
            oauth_tests::canned::Answer::Endless(flood.clone()),
        ] {
            let server = Canned::start([answer]).await;
            let client = client(ACME).dangerous_at(server.origin());
            let error = client.refresh(&TokenSet::new("old").with_refresh_token(REFRESH)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Network, "{}", error.explain());
            tells_nothing(&error, &[SECRET, REFRESH]);
            assert_eq!(server.received().len(), 1);
        }
    }
}
