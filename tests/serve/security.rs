//! Who a client is: TLS, certificates, PLAIN and SCRAM, and what is refused before a client has said who it is.

use crate::support::{Authority, Identity, Kt, Served, Wire};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use kafka_protocol::messages::{
    ApiVersionsRequest, MetadataRequest, SaslAuthenticateRequest, SaslAuthenticateResponse,
    SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::StrBytes;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};

fn handshake(client: &mut Wire, mechanism: &'static str) -> SaslHandshakeResponse {
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
    client.call(1, &request)
}

fn authenticate(client: &mut Wire, token: &[u8]) -> SaslAuthenticateResponse {
    client.call(2, &SaslAuthenticateRequest::default().with_auth_bytes(Bytes::copy_from_slice(token)))
}

/// Logs in with SCRAM-SHA-256; the code of the last answer.
fn scram(client: &mut Wire, user: &str, password: &str) -> i16 {
    let mac = |key: &[u8], text: &[u8]| {
        Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes()
    };
    assert_eq!(handshake(client, "SCRAM-SHA-256").error_code, 0);
    let first = format!("n={user},r=abcdef");
    let challenge = authenticate(client, format!("n,,{first}").as_bytes());
    assert_eq!(challenge.error_code, 0, "{challenge:?}");
    let challenge = String::from_utf8(challenge.auth_bytes.to_vec()).unwrap();
    let parts: Vec<&str> = challenge.split(',').collect();
    let salt = STANDARD.decode(&parts[1][2..]).unwrap();
    let rounds = parts[2][2..].parse().unwrap();
    let salted = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), &salt, rounds);
    let client_key = mac(&salted, b"Client Key");
    let last = format!("c=biws,{}", parts[0]);
    let signature = mac(&Sha256::digest(client_key), format!("{first},{challenge},{last}").as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(one, other)| one ^ other).collect();
    let answer = authenticate(client, format!("{last},p={}", STANDARD.encode(proof)).as_bytes());
    if answer.error_code == 0 {
        let server_key = mac(&salted, b"Server Key");
        let own = mac(&server_key, format!("{first},{challenge},{last}").as_bytes());
        assert_eq!(answer.auth_bytes, format!("v={}", STANDARD.encode(own)).as_bytes());
    }
    answer.error_code
}

fn is_closed(client: &mut Wire) -> bool {
    let mut rest = Vec::new();
    client.stream.read_to_end(&mut rest).is_err() || rest.is_empty()
}

/// Whether requests are answered.
fn is_in(client: &mut Wire) -> bool {
    client.send(12, &MetadataRequest::default());
    client.receive_frame().is_ok()
}

fn start(kt: &Kt, listen: &str, options: &str) -> Served {
    Served::of(kt.start(format!("serve --listen {listen}://localhost:0 {options}")))
}

fn write(kt: &Kt, name: &str, text: &str) -> String {
    let path = kt.work().join(name);
    std::fs::write(&path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, mode).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The options for a server that shows a certificate of this authority.
fn tls(kt: &Kt, authority: &Authority) -> String {
    let Identity { chain, key } = authority.sign("server");
    format!("--tls-cert {} --tls-key {}", write(kt, "server.pem", &chain), write(kt, "server.key", &key))
}

#[test]
fn plain_lets_in_who_has_a_password() {
    let kt = Kt::new();
    let users = write(&kt, "users", "alice:secret\nbob:b\n");
    let server = start(&kt, "SASL_PLAINTEXT", &format!("--users {users}"));
    let mut client = server.connect();
    assert_eq!(client.call(3, &ApiVersionsRequest::default()).error_code, 42, "no name of software");
    let answer = handshake(&mut client, "PLAIN");
    let mechanisms: Vec<&str> = answer.mechanisms.iter().map(StrBytes::as_str).collect();
    assert_eq!((answer.error_code, mechanisms), (0, vec!["PLAIN", "SCRAM-SHA-512", "SCRAM-SHA-256"]));
    assert_eq!(authenticate(&mut client, b"\0alice\0secret").error_code, 0);
    assert!(is_in(&mut client));
    assert_eq!(handshake(&mut client, "PLAIN").error_code, 34, "not again");
    let again = authenticate(&mut client, b"\0alice\0secret");
    let why = again.error_message.unwrap();
    assert_eq!(why.as_str(), "SaslAuthenticate request received after successful authentication");
    assert!(is_in(&mut client), "the connection goes on");

    let mut client = server.connect();
    handshake(&mut client, "PLAIN");
    let answer = authenticate(&mut client, b"\0alice\0wrong");
    let why = answer.error_message.unwrap();
    assert_eq!(
        (answer.error_code, why.as_str()),
        (58, "Authentication failed: Invalid username or password")
    );
    assert!(is_closed(&mut client));
}

#[test]
fn before_a_proof_nothing_else_is_answered() {
    let kt = Kt::new();
    let server = start(&kt, "SASL_PLAINTEXT", "");
    let mut client = server.connect();
    assert!(!is_in(&mut client));
    let mut client = server.connect();
    let token = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from_static(b"\0a\0b"));
    client.send(2, &token);
    assert!(is_closed(&mut client), "no mechanism was chosen");
    let mut client = server.connect();
    let answer = handshake(&mut client, "PLAIN");
    assert_eq!((answer.error_code, answer.mechanisms.len()), (33, 2), "without users there is no PLAIN");
    assert!(is_closed(&mut client));
    let mut client = server.connect();
    handshake(&mut client, "SCRAM-SHA-256");
    assert_eq!(handshake(&mut client, "SCRAM-SHA-256").error_code, 34);
    assert!(is_closed(&mut client));
    // A request of a megabyte is not even read.
    let mut client = server.connect();
    client.stream.write_all(&(1i32 << 20).to_be_bytes()).unwrap();
    assert!(is_closed(&mut client));
}

#[test]
fn messages_may_come_without_requests() {
    let kt = Kt::new();
    let users = write(&kt, "users", "alice:secret\n");
    let server = start(&kt, "SASL_PLAINTEXT", &format!("--users {users}"));
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str("PLAIN"));
    for (password, enters) in [("secret", true), ("wrong!", false)] {
        let mut client = server.connect();
        assert_eq!(client.call(0, &request).error_code, 0);
        client.stream.write_all(format!("\0\0\0\x0d\0alice\0{password}").as_bytes()).unwrap();
        assert_eq!(client.receive_frame().is_ok(), enters);
        assert_eq!(enters && is_in(&mut client), enters);
    }
}

#[test]
fn scram_lets_in_whom_the_directory_knows() {
    let kt = Kt::new();
    let alter = "configs --alter --entity-type users --entity-name alice --add-config";
    kt.run(format!("{alter} 'SCRAM-SHA-256=[iterations=4096,password=secret]'")).success();
    let server = start(&kt, "SASL_PLAINTEXT", "");
    let mut client = server.connect();
    assert_eq!(scram(&mut client, "alice", "secret"), 0);
    assert!(is_in(&mut client));
    for (user, password) in [("alice", "wrong"), ("nobody", "secret")] {
        let mut client = server.connect();
        assert_eq!(scram(&mut client, user, password), 58);
        assert!(is_closed(&mut client));
    }
    // One who comes later is known at once.
    kt.run(format!("{} 'SCRAM-SHA-256=[password=b]'", alter.replace("alice", "bob"))).success();
    assert_eq!(scram(&mut server.connect(), "bob", "b"), 0);
}

#[test]
fn a_proof_that_does_not_last_is_renewed() {
    let kt = Kt::new();
    let users = write(&kt, "users", "alice:a\nbob:b\n");
    let lasting = |ms: u64| format!("--users {users} --override connections.max.reauth.ms={ms}");
    let server = start(&kt, "SASL_PLAINTEXT", &lasting(3_600_000));
    let mut client = server.connect();
    handshake(&mut client, "PLAIN");
    let answer = authenticate(&mut client, b"\0alice\0a");
    assert_eq!((answer.error_code, answer.session_lifetime_ms), (0, 3_600_000));
    assert_eq!(handshake(&mut client, "PLAIN").error_code, 0);
    assert_eq!(authenticate(&mut client, b"\0alice\0a").error_code, 0);
    assert!(is_in(&mut client));
    handshake(&mut client, "PLAIN");
    assert_eq!(authenticate(&mut client, b"\0bob\0b").error_code, 58, "somebody else now");
    assert!(is_closed(&mut client));

    let server = start(&kt, "SASL_PLAINTEXT", &lasting(1));
    let mut client = server.connect();
    handshake(&mut client, "PLAIN");
    assert_eq!(authenticate(&mut client, b"\0alice\0a").session_lifetime_ms, 1);
    crate::support::wait_until("the end of the session", || !is_in(&mut client));
}

#[test]
fn tls_lets_in_who_trusts_the_server() {
    let kt = Kt::new();
    let authority = Authority::new();
    let server = start(&kt, "SSL", &tls(&kt, &authority));
    assert!(is_in(&mut authority.connect(&server.address, None)));
    let mut stranger = Authority::new().connect(&server.address, None);
    assert!(stranger.stream.write_all(b"x").is_err(), "the client doesn't believe the server");
    let mut plain = server.connect();
    let frame = plain.frame(12, &MetadataRequest::default());
    plain.stream.write_all(&frame).unwrap();
    let mut rest = Vec::new();
    let _ = plain.stream.read_to_end(&mut rest);
    assert!(rest.len() < 16, "no more than an alert: {rest:?}");
    assert!(is_in(&mut authority.connect(&server.address, None)));
}

#[test]
fn a_certificate_says_who_a_client_is() {
    let kt = Kt::new();
    let (authority, other) = (Authority::new(), Authority::new());
    let ca = write(&kt, "ca.pem", &authority.pem);
    let options = format!("{} --tls-client-ca {ca}", tls(&kt, &authority));
    let server = start(&kt, "SSL", &options);
    let attempt = |server: &Served, identity: Option<&Identity>| {
        let mut client = authority.connect(&server.address, identity);
        let frame = client.frame(12, &MetadataRequest::default());
        client.stream.write_all(&frame).is_ok() && client.receive_frame().is_ok()
    };
    assert!(attempt(&server, Some(&authority.sign("alice"))));
    assert!(!attempt(&server, None), "one must be shown");
    assert!(!attempt(&server, Some(&other.sign("alice"))), "and be signed by the right one");
    let rules = "'ssl.principal.mapping.rules=RULE:^CN=alice,.*$/$0/'";
    let server =
        start(&kt, "SSL", &format!("{options} --override {rules} --override ssl.client.auth=requested"));
    assert!(attempt(&server, Some(&authority.sign("alice"))));
    assert!(!attempt(&server, Some(&authority.sign("bob"))), "no rule names him");
    assert!(attempt(&server, None), "one need not be shown");
    assert!(!attempt(&server, Some(&other.sign("alice"))));
}

#[test]
fn listeners_differ_in_what_they_ask() {
    let kt = Kt::new();
    let authority = Authority::new();
    let users = write(&kt, "users", "alice:a\n");
    let listen = "--listen localhost:0 --listen SASL_SSL://localhost:0";
    let running = kt.start(format!("serve {listen} --users {users} {}", tls(&kt, &authority)));
    let line = running.wait_for_line("^listening on ");
    let addresses: Vec<&str> = line.trim_start_matches("listening on ").split(',').collect();
    assert!(is_in(&mut Wire::connect(addresses[0])));
    let mut client = authority.connect(addresses[1], None);
    handshake(&mut client, "PLAIN");
    assert_eq!(authenticate(&mut client, b"\0alice\0a").error_code, 0);
    let answer = client.call(12, &MetadataRequest::default());
    let broker = &answer.brokers[0];
    assert_eq!(format!("{}:{}", broker.host.as_str(), broker.port), addresses[1], "where the client is");
}

#[test]
fn what_can_not_be_served_safely_is_said() {
    let kt = Kt::new();
    let users = write(&kt, "users", "alice\n");
    let refused = |options: &str| kt.run(format!("serve {options}")).failure(1).errors();
    let no_certificate = refused("--listen SSL://localhost:0");
    assert_eq!(no_certificate, "kt: a listener speaks TLS, but there is no certificate for the server\n");
    let no_user = refused(&format!("--listen SASL_PLAINTEXT://localhost:0 --users {users}"));
    assert_eq!(no_user, "kt: line 1 of the users is not NAME:PASSWORD\n");
    assert!(refused("--listen FOO://localhost:0").contains("'FOO'"));
    let running = kt.start("serve --listen 0.0.0.0:0");
    running.wait_for_line("^listening on ");
    running.terminate();
    let output = running.finish();
    assert_eq!(output.status(), 0);
    let warned = output.success_with_notes().errors();
    assert!(warned.contains("may read and write everything"), "{warned}");
}
