//! `kt expect`: found at once, waited for, missed with reasons, and refused.

use crate::support::Kt;

const KEYED: &str = "--reader-property parse.key=true --reader-property key.separator=:";

/// Three orders in one partition.
fn orders() -> Kt {
    let kt = Kt::new();
    kt.run("topics --create --topic orders").success();
    let lines = "o-41:{\"total\":98,\"items\":[{\"n\":\"tea\"}]}\no-42:{\"total\":99}\nx:no json\n";
    kt.stdin(lines).run(format!("produce --topic orders {KEYED}")).success();
    kt
}

#[test]
fn a_record_that_is_there_is_printed_at_once() {
    let kt = orders();
    for (line, shown) in [
        ("--key o-42", "{\"total\":99}"),
        ("--json .total>=98 --json .items[].n=tea", "{\"total\":98,\"items\":[{\"n\":\"tea\"}]}"),
        ("--value-contains json --key-matches ^x$ --formatter-property print.key=true", "x\tno json"),
        ("--count 2 --json .total", "{\"total\":98,\"items\":[{\"n\":\"tea\"}]}\n{\"total\":99}"),
        ("--from 2", "no json"),
        ("--key o-42 --quiet", ""),
        ("--key o-42 -q --partition 0", ""),
    ] {
        kt.run(format!("expect --topic orders --within 60s {line}")).shows(shown);
    }
}

#[test]
fn a_miss_says_what_was_nearest_and_what_is_different() {
    let kt = orders();
    kt.run("expect --topic orders --within 0 --key o-42 --json .total=98 --header source=web").shows(
        "2> kt: no such record in 'orders'\n\
         2>   such: key is 'o-42'\n\
         2>    and: .total = 98\n\
         2>    and: header 'source' is 'web'\n\
         2>   looked at 3 records\n\
         2>   near: orders-0 offset 0, 1 of 3 hold: key 'o-41' value '{\"total\":98,\"items\":[{\"n\":\"tea\"}]}'\n\
         2>         key is 'o-41', not 'o-42'\n\
         2>         there is no header 'source'\n\
         2>   near: orders-0 offset 1, 1 of 3 hold: key 'o-42' value '{\"total\":99}'\n\
         2>         .total is 99, not 98\n\
         2>         there is no header 'source'\n\
         2>   near: orders-0 offset 2, 0 of 3 hold: key 'x' value 'no json'\n\
         2>         key is 'x', not 'o-42'\n\
         2>         value is no JSON\n\
         2>         there is no header 'source'\n\
         ? 1",
    );
    kt.run("expect --topic orders --within 1ms --count 3 --json .total>0 -q").shows(
        "2> kt: 2 such records in 'orders' within 1ms, not 3\n\
         2>   such: .total > 0\n\
         2>   looked at 3 records\n\
         2>   near: orders-0 offset 2, 0 of 1 hold: key 'x' value 'no json'\n\
         2>         value is no JSON\n\
         ? 1",
    );
}

#[test]
fn what_must_not_be_there_is_told() {
    let kt = orders();
    kt.run("expect --topic orders --within 0 --none --key o-43").shows("");
    kt.run("expect --topic orders --within 0 --exactly 2 --json .total").success();
    kt.run("expect --topic orders --within 0 --none --key x").shows(
        "2> kt: there is such a record in 'orders'\n\
         2>   such: key is 'x'\n\
         2>   looked at 3 records\n\
         2>   found: orders-0 offset 2: key 'x' value 'no json'\n\
         ? 1",
    );
    let told = kt.run("expect --topic orders --within 0 --exactly 1 --json .total -q").failure(1).errors();
    assert!(told.starts_with("kt: more than 1 such records in 'orders'\n"), "{told}");
    kt.run("expect --topic order --within 0 --none").shows("2> kt: topic 'order' doesn't exist");
    kt.run("expect --topic order --within 0")
        .shows("2> kt: no such record in 'order'\n2>   topic 'order' doesn't exist\n? 1");
}

#[test]
fn a_record_that_is_still_to_come_is_waited_for() {
    let kt = Kt::new();
    kt.run("topics --create --topic other").success();
    let expecting = kt.start("expect --topic late --within 60s --value b");
    kt.stdin("a\nb\n").run("produce --topic late").success_with_notes();
    expecting.finish().shows("b");
    let expecting = kt.start("expect --topic late --within 60s --value never");
    expecting.terminate();
    expecting.finish().terminated();
}

#[test]
fn a_wrong_command_line_is_refused() {
    let kt = Kt::new();
    for line in [
        "",
        "--topic t extra",
        "--topic t --none --count 2",
        "--topic t --count 0",
        "--topic t --within soon",
        "--topic t --from soon",
        "--topic t --json =1",
        "--topic t --value-matches (",
        "--topic t --formatter nope",
        "--topic t --isolation-level none",
        "--nope",
    ] {
        kt.run(format!("expect {line}")).failure(2);
    }
}
