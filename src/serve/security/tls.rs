//! TLS: the server's certificate and key, and whom it believes clients' certificates of. PEM only, as `ssl.keystore.type=PEM` has
//! it. Source: KIP-651, and the documentation of `ssl.client.auth`.

use super::distinguished_name;
use super::error::Error;
use super::principal::Principal;
use super::principal_rules::PrincipalRules;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;

/// Whether clients show a certificate (`ssl.client.auth`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    #[default]
    None,
    /// Who shows none is anonymous.
    Requested,
    Required,
}

impl ClientAuth {
    pub(super) fn named(name: &str) -> Option<ClientAuth> {
        match name {
            "none" => Some(ClientAuth::None),
            "requested" => Some(ClientAuth::Requested),
            "required" => Some(ClientAuth::Required),
            _ => None,
        }
    }
}

/// What of it comes from files, in PEM.
#[derive(Clone, Debug, Default)]
pub(super) struct Material {
    /// The server's certificate, then those that vouch for it.
    pub(super) chain: Vec<u8>,
    pub(super) key: Vec<u8>,
    /// Whose signature makes a client's certificate good.
    pub(super) authorities: Option<Vec<u8>>,
}

/// How a listener speaks TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    rules: PrincipalRules,
}

impl Tls {
    pub(super) fn new(material: &Material, auth: ClientAuth, rules: PrincipalRules) -> Result<Tls, Error> {
        let failed = |what: &str, why: &dyn ToString| Error::Tls { what: what.into(), why: why.to_string() };
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| failed("TLS", &e))?;
        let chain = certificates(&material.chain).map_err(|e| failed("the server's certificate", &e))?;
        let key = PrivateKeyDer::from_pem_slice(&material.key)
            .map_err(|e| failed("the server's private key (it must not have a password)", &e))?;
        let builder = match (auth, &material.authorities) {
            (ClientAuth::None, _) => builder.with_no_client_auth(),
            (_, None) => {
                return Err(Error::Missing(
                    "clients are to show certificates, but nothing says whose are good",
                ));
            }
            (_, Some(authorities)) => {
                let verifier = verifier(authorities, auth, provider)
                    .map_err(|why| failed("the authorities of clients' certificates", &why))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let config =
            builder.with_single_cert(chain, key).map_err(|e| failed("the server's certificate", &e))?;
        Ok(Tls { config: Arc::new(config), rules })
    }

    /// Who showed this certificate, the first of a chain that was found to be good. `None` if no rule names him: he is not let in.
    pub(crate) fn principal(&self, certificate: Option<&CertificateDer<'_>>) -> Option<Principal> {
        let Some(certificate) = certificate else { return Some(Principal::anonymous()) };
        let name = distinguished_name::subject(certificate)?;
        self.rules.apply(&name).map(|name| Principal::user(&name))
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|e| e.to_string())?;
    if found.is_empty() { Err("there is no certificate in it (PEM)".to_owned()) } else { Ok(found) }
}

fn verifier(
    authorities: &[u8],
    auth: ClientAuth,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        roots.add(certificate).map_err(|e| e.to_string())?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match auth {
        ClientAuth::Requested => builder.allow_unauthenticated(),
        _ => builder,
    };
    builder.build().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate that signs itself, and its key.
    fn material(name: &str) -> (rcgen::Certificate, Material) {
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::OrganizationName, "Org, Inc");
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let (chain, key) = (certificate.pem().into_bytes(), key.serialize_pem().into_bytes());
        (certificate, Material { authorities: Some(chain.clone()), chain, key })
    }

    #[test]
    fn a_certificate_says_who_shows_it() {
        let (certificate, material) = material("alice");
        let principal = |rules: &str| {
            let rules = PrincipalRules::parse(rules).unwrap();
            let tls = Tls::new(&material, ClientAuth::Required, rules).unwrap();
            tls.principal(Some(certificate.der())).map(|principal| principal.to_string())
        };
        assert_eq!(principal("DEFAULT").as_deref(), Some(r"User:CN=alice,O=Org\, Inc"));
        assert_eq!(principal("RULE:^CN=([a-z]+),.*$/$1/U").as_deref(), Some("User:ALICE"));
        assert_eq!(principal("RULE:^OU=(.*)$/$1/"), None);
    }

    #[test]
    fn what_is_missing_or_no_pem_is_named() {
        let (_, whole) = material("a");
        let attempt = |material: &Material, auth| Tls::new(material, auth, PrincipalRules::default()).err();
        assert_eq!(attempt(&whole, ClientAuth::Requested), None);
        let without = Material { authorities: None, ..whole.clone() };
        assert_eq!(attempt(&without, ClientAuth::None), None);
        assert!(matches!(attempt(&without, ClientAuth::Required), Some(Error::Missing(_))));
        let (_, other) = material("b");
        for wrong in [
            Material { chain: Vec::new(), ..whole.clone() },
            Material { key: b"x".to_vec(), ..whole.clone() },
            Material { key: other.key, ..whole.clone() },
            Material { authorities: Some(whole.key.clone()), ..whole.clone() },
        ] {
            assert!(matches!(attempt(&wrong, ClientAuth::Required), Some(Error::Tls { .. })));
        }
    }
}
