//! A topic whose records have everything that is odd, and how a topic is looked at.

use crate::support::Kt;

/// Records with everything that is odd, as lines for `kt import`; two partitions.
pub(super) const ODD: &str = r#"{"topic":"odd","partitions":2,"configs":{"retention.ms":"-1","max.message.bytes":"2000000"}}
{"topic":"odd","partition":0,"timestamp":0,"key":null,"value":null,"headers":[]}
{"topic":"odd","partition":0,"timestamp":-1,"key":"","value":"","headers":[{"key":"","value":""}]}
{"topic":"odd","partition":1,"timestamp":1700000000000,"key":"k\u0000\"\\","value":"line\nline\ttab \u2028 ü","headers":[{"key":"h","value":"1"},{"key":"h","value":"2"},{"key":"n","value":null},{"key":"b","base64":"/w=="}]}
{"topic":"odd","partition":1,"timestamp":5,"timestampType":"LogAppendTime","keyBase64":"//4A","valueBase64":"gA==","headers":[]}
{"topic":"odd","partition":1,"timestamp":9,"timestampType":"LogAppendTime","key":"later","value":"v","headers":[]}
{"topic":"odd","partition":0,"timestamp":-62135596800000,"key":"old","value":"v","headers":[{"keyBase64":"/w==","value":"x"}]}
"#;

/// A directory with the topic `odd`.
pub(super) fn odd() -> Kt {
    let kt = Kt::new();
    kt.stdin(ODD).run("import").shows("2> Imported a total of 6 records\n");
    kt
}

/// A topic as lines of JSON.
#[track_caller]
pub(super) fn lines(kt: &Kt, options: &str) -> Vec<String> {
    kt.run(format!("export {options}")).success_with_notes().lines()
}
