//! The distinguished name of a certificate's subject, as Java prints it (`X500Principal.getName`): RFC 2253, the last part first.
//! Principals are called so, and access control entries name them.
//!
//! Reads only as much of the certificate as lies before the name; that it is genuine was found out in the handshake.
//! Source: RFC 5280 section 4.1, RFC 2253.

use std::fmt::Write;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const VERSION: u8 = 0xa0;

/// The attributes that have a short name in RFC 2253; all others are shown by number, with their value in hexadecimal digits.
const KEYWORDS: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// One value of DER: its tag, what is in it, and all its bytes.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

/// Takes the next value off the front. `None` where the bytes are no DER; lengths above four bytes are none either.
fn take<'a>(rest: &mut &'a [u8]) -> Option<Element<'a>> {
    let all = *rest;
    let (&[tag, first], mut after) = all.split_first_chunk::<2>()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let (digits, beyond) = after.split_at_checked(usize::from(first & 0x7f))?;
            after = beyond;
            digits.iter().fold(0usize, |length, digit| (length << 8) | usize::from(*digit))
        }
        _ => return None,
    };
    let (content, beyond) = after.split_at_checked(length)?;
    *rest = beyond;
    Some(Element { tag, content, whole: all.get(..all.len() - beyond.len())? })
}

fn take_tagged<'a>(rest: &mut &'a [u8], tag: u8) -> Option<Element<'a>> {
    take(rest).filter(|element| element.tag == tag)
}

/// The subject of a certificate in DER. `None` if it can't be read.
pub(crate) fn subject(mut certificate: &[u8]) -> Option<String> {
    let mut certificate = take_tagged(&mut certificate, SEQUENCE)?.content;
    let mut fields = take_tagged(&mut certificate, SEQUENCE)?.content;
    // Version (may be missing), serial number, algorithm, issuer, validity.
    if fields.first() == Some(&VERSION) {
        take(&mut fields)?;
    }
    (0..4).try_for_each(|_| take(&mut fields).map(drop))?;
    name(take_tagged(&mut fields, SEQUENCE)?.content)
}

/// The text of a name: the sets of its parts.
fn name(mut parts: &[u8]) -> Option<String> {
    let mut texts = Vec::new();
    while !parts.is_empty() {
        let mut attributes = take_tagged(&mut parts, SET)?.content;
        let mut of_part = Vec::new();
        while !attributes.is_empty() {
            of_part.push(attribute(take_tagged(&mut attributes, SEQUENCE)?.content)?);
        }
        texts.push(of_part.join("+"));
    }
    texts.reverse();
    Some(texts.join(","))
}

fn attribute(mut content: &[u8]) -> Option<String> {
    let kind = object_identifier(take_tagged(&mut content, OBJECT_IDENTIFIER)?.content)?;
    let value = take(&mut content)?;
    let keyword = KEYWORDS.iter().find(|(number, _)| *number == kind).map(|(_, keyword)| *keyword);
    match (keyword, text(&value)) {
        (Some(keyword), Some(text)) => Some(format!("{keyword}={}", escaped(&text))),
        (keyword, _) => {
            let mut shown = format!("{}=#", keyword.unwrap_or(&kind));
            value.whole.iter().try_for_each(|byte| write!(shown, "{byte:02x}")).ok()?;
            Some(shown)
        }
    }
}

/// The dotted numbers of an object identifier.
fn object_identifier(bytes: &[u8]) -> Option<String> {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number: u64 = 0;
    for byte in bytes {
        number = number.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first);
                number -= first * 40;
            }
            numbers.push(number);
            number = 0;
        }
    }
    Some(numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

/// The text of a string, whichever of its kinds it is.
fn text(value: &Element<'_>) -> Option<String> {
    match value.tag {
        // UTF8String.
        0x0c => String::from_utf8(value.content.to_vec()).ok(),
        // PrintableString, TeletexString, IA5String: a byte a character.
        0x13 | 0x14 | 0x16 => Some(value.content.iter().map(|byte| char::from(*byte)).collect()),
        // BMPString: two bytes a character.
        0x1e => {
            let units = value.content.chunks_exact(2);
            let units =
                units.filter_map(|unit| unit.first_chunk::<2>()).map(|unit| u16::from_be_bytes(*unit));
            String::from_utf16(&units.collect::<Vec<u16>>()).ok()
        }
        _ => None,
    }
}

/// Puts backslashes where RFC 2253, as Java reads it, wants them.
fn escaped(value: &str) -> String {
    let inner = value.trim_matches(' ');
    let leading = value.len() - value.trim_start_matches(' ').len();
    let trailing = if inner.is_empty() { 0 } else { value.len() - value.trim_end_matches(' ').len() };
    let mut shown = "\\ ".repeat(leading);
    for character in inner.chars() {
        match character {
            '\0' => shown.push_str("\\00"),
            ',' | '=' | '+' | '<' | '>' | '#' | ';' | '"' | '\\' => shown.extend(['\\', character]),
            _ => shown.push(character),
        }
    }
    shown.push_str(&"\\ ".repeat(trailing));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn shown(hex: &str) -> Option<String> {
        let der = bytes(hex);
        name(take_tagged(&mut der.as_slice(), SEQUENCE)?.content)
    }

    /// Names and what Java's X500Principal prints of them.
    const NAMES: &[(&str, &str)] = &[
        (
            "CN=alice,OU=Dev,O=Org,L=City,ST=State,C=DE",
            "3058310b3009060355040613024445310e300c060355040813055374617465310d300b0603550407130443697479310c300a060355040a13034f7267310c300a060355040b1303446576310e300c06035504031305616c696365",
        ),
        (
            r#"CN=a\,b\+c\"d\\e\<f\>g\;h\=i\#j"#,
            "301e311c301a06035504030c13612c622b6322645c653c663e673b683d69236a",
        ),
        (r"CN=\ lead and trail\ ", "301b3119301706035504031310206c65616420616e6420747261696c20"),
        (r"CN=\#hash", "3010310e300c06035504030c052368617368"),
        ("CN=Jürgen,O=日本", "3023310f300d060355040a0c06e697a5e69cac3110300e06035504030c074ac3bc7267656e"),
        (
            "1.2.840.113549.1.9.1=#16056140622e63,CN=x",
            "3022310a300806035504031301783114301206092a864886f70d01090116056140622e63",
        ),
        (
            "UID=u,DC=example,DC=com,STREET=s",
            "304d310a3008060355040913017331133011060a0992268993f22c6401191603636f6d31173015060a0992268993f22c64011916076578616d706c653111300f060a0992268993f22c640101130175",
        ),
        ("CN=a+OU=b,O=c", "3022310a3008060355040a1301633114300806035504031301613008060355040b130162"),
        ("2.5.4.5=#13023132,CN=x", "3019310a30080603550403130178310b3009060355040513023132"),
        ("CN=", "300b3109300706035504031300"),
        ("CN=a/b:c?d'e(f)", "3017311530130603550403130c612f623a633f642765286629"),
    ];

    #[test]
    fn names_are_javas() {
        for (want, hex) in NAMES {
            assert_eq!(shown(hex).as_deref(), Some(*want));
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_no_crash() {
        for (_, hex) in NAMES {
            let whole = bytes(hex);
            for end in 0..whole.len() {
                assert_eq!(take(&mut &whole[..end]).map(|element| element.tag), None);
            }
            for at in 0..whole.len() {
                for bit in 0..8 {
                    let mut damaged = whole.clone();
                    damaged[at] ^= 1 << bit;
                    let _: Option<String> = name(&damaged);
                    let _: Option<String> = subject(&damaged);
                }
            }
        }
    }
}
