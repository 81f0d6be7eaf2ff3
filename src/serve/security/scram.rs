//! SCRAM, the server's side: two messages from the client, two back, and neither shows the password. Without channel binding, as
//! Kafka has it. Source: RFC 5802, RFC 7677, KIP-84.

use super::error::Refusal;
use crate::local::StoredCredential;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One exchange between its two messages.
pub(crate) struct ScramExchange {
    user: String,
    credential: StoredCredential,
    /// Of both sides, the client's first.
    nonce: String,
    /// What the client's first message says after its header, and what the server's says.
    said: String,
    /// What the client must repeat of its header.
    header: String,
}

/// What the client's first message says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst<'a> {
    header: &'a str,
    bare: &'a str,
    pub(crate) user: String,
    nonce: &'a str,
}

fn malformed(why: &str) -> Refusal {
    Refusal::Malformed(format!("Invalid SCRAM message: {why}"))
}

impl<'a> ClientFirst<'a> {
    /// Reads `n,[a=AUTHORIZATION],n=USER,r=NONCE[,extensions]`.
    pub(crate) fn parse(message: &'a [u8]) -> Result<ClientFirst<'a>, Refusal> {
        let text = std::str::from_utf8(message).map_err(|_| malformed("not UTF-8"))?;
        let bound = text.strip_prefix("n,").or_else(|| text.strip_prefix("y,"));
        let after_flag = bound.ok_or_else(|| malformed("no header"))?;
        let (authorization, bare) = after_flag.split_once(',').ok_or_else(|| malformed("no header"))?;
        let header = text.get(..text.len() - bare.len()).unwrap_or_default();
        let mut parts = bare.split(',');
        let user = parts.next().and_then(|part| part.strip_prefix("n=")).and_then(unescape);
        let user = user.filter(|user| !user.is_empty()).ok_or_else(|| malformed("no user"))?;
        let nonce = parts.next().and_then(|part| part.strip_prefix("r="));
        let nonce = nonce.filter(|nonce| is_nonce(nonce)).ok_or_else(|| malformed("no nonce"))?;
        if !authorization.is_empty() {
            let name = authorization.strip_prefix("a=").and_then(unescape);
            if name.ok_or_else(|| malformed("no header"))? != user {
                return Err(Refusal::Invalid(
                    "Authentication failed: Client requested an authorization id that is different from username",
                ));
            }
        }
        if parts.clone().any(|part| part.starts_with("m=")) {
            return Err(malformed("an extension is asked for"));
        }
        Ok(ClientFirst { header, bare, user, nonce })
    }
}

/// A name's commas and equal signs are written `=2C` and `=3D`.
fn unescape(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        plain.push(match code {
            "2C" => ',',
            "3D" => '=',
            _ => return None,
        });
        plain.push_str(rest);
    }
    Some(plain)
}

fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

impl ScramExchange {
    /// Takes up an exchange, with the server's part of the nonce; returns what the client is told.
    pub(crate) fn begin(
        first: &ClientFirst<'_>,
        credential: StoredCredential,
        server_nonce: &str,
    ) -> (ScramExchange, Vec<u8>) {
        let nonce = format!("{}{server_nonce}", first.nonce);
        let salt = STANDARD.encode(&credential.salt);
        let challenge = format!("r={nonce},s={salt},i={}", credential.iterations);
        let exchange = ScramExchange {
            user: first.user.clone(),
            credential,
            nonce,
            said: format!("{},{challenge}", first.bare),
            header: STANDARD.encode(first.header),
        };
        (exchange, challenge.into_bytes())
    }

    /// Reads `c=HEADER,r=NONCE[,extensions],p=PROOF`; returns the user's name and what the client is told.
    pub(crate) fn finish(self, message: &[u8]) -> Result<(String, Vec<u8>), Refusal> {
        let text = std::str::from_utf8(message).map_err(|_| malformed("not UTF-8"))?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or_else(|| malformed("no proof"))?;
        let proof = STANDARD.decode(proof).map_err(|_| malformed("no proof"))?;
        let mut parts = without_proof.split(',');
        let header = parts.next().and_then(|part| part.strip_prefix("c="));
        if header != Some(self.header.as_str()) {
            return Err(malformed("another header than before"));
        }
        if parts.next().and_then(|part| part.strip_prefix("r=")) != Some(self.nonce.as_str()) {
            return Err(malformed("another nonce than the server's"));
        }
        let exchange = format!("{},{without_proof}", self.said);
        if !self.credential.is_proven(exchange.as_bytes(), &proof) {
            return Err(Refusal::Invalid("Authentication failed: Invalid user credentials"));
        }
        let signature = STANDARD.encode(self.credential.signature(exchange.as_bytes()));
        Ok((self.user, format!("v={signature}").into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ScramMechanism;

    const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    fn begun(first: &str) -> Result<(ScramExchange, String), Refusal> {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let credential = StoredCredential::of_password(ScramMechanism::Sha256, b"pencil", &salt, 4096);
        let first = ClientFirst::parse(first.as_bytes())?;
        let (exchange, challenge) = ScramExchange::begin(&first, credential, NONCE);
        Ok((exchange, String::from_utf8(challenge).unwrap()))
    }

    /// The example of RFC 7677.
    #[test]
    fn the_exchange_is_the_rfcs() {
        let (exchange, challenge) = begun(FIRST).unwrap();
        assert_eq!(
            challenge,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let (user, last) = exchange.finish(LAST.as_bytes()).unwrap();
        assert_eq!(user, "user");
        assert_eq!(last, b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_changed_message_proves_nothing() {
        for at in 0..LAST.len() {
            let mut changed = LAST.as_bytes().to_vec();
            changed[at] ^= 1;
            assert!(begun(FIRST).unwrap().0.finish(&changed).is_err(), "{at}");
            assert!(begun(FIRST).unwrap().0.finish(&LAST.as_bytes()[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn first_messages_are_read_or_refused() {
        let user = |message: &str| ClientFirst::parse(message.as_bytes()).map(|first| first.user);
        assert_eq!(user("n,,n=a=2Cb=3Dc,r=x").unwrap(), "a,b=c");
        assert_eq!(user("y,a=a=2C,n=a=2C,r=x,tokenauth=true").unwrap(), "a,");
        for wrong in [
            "",
            "n",
            "n,",
            "n,,",
            "p=x,,n=a,r=b",
            "n,,n=,r=x",
            "n,,n=a",
            "n,,n=a,r=",
            "n,,n=a=2,r=x",
            "n,b,n=a,r=x",
        ] {
            assert!(matches!(user(wrong), Err(Refusal::Malformed(_))), "{wrong}");
        }
        assert!(matches!(user("n,a=b,n=a,r=x"), Err(Refusal::Invalid(_))));
        assert!(ClientFirst::parse(b"n,,n=\xff,r=x").is_err());
    }

    #[test]
    fn nobody_proves_a_credential_that_is_made_up() {
        let first = ClientFirst::parse(FIRST.as_bytes()).unwrap();
        let credential = StoredCredential::made_up(ScramMechanism::Sha256, "user", b"secret");
        let (exchange, challenge) = ScramExchange::begin(&first, credential, NONCE);
        let again = StoredCredential::made_up(ScramMechanism::Sha256, "user", b"secret");
        assert_eq!(challenge, ScramExchange::begin(&first, again, NONCE).1);
        assert!(matches!(exchange.finish(LAST.as_bytes()), Err(Refusal::Invalid(_))));
    }
}
