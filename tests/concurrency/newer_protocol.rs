//! Members of one group of the newer protocol (`group.protocol=consumer`): what becomes of a partition when its owner leaves,
//! dies or comes back.

use super::sharing::{
    COMMITS_AT_ONCE, COMMITS_NEVER, member, printed, produce, wait_for_members, wait_for_numbers,
};
use crate::support::{Kt, wait_until};

const NEWER: &str = "group.protocol=consumer";

/// The epoch of the group and that of its targets, as its description tells.
fn epochs(kt: &Kt) -> Vec<String> {
    let lines = kt.run("groups --describe --group g --state --verbose").success_with_notes().lines();
    let row = lines.iter().find(|line| line.starts_with("g ")).unwrap();
    row.split_whitespace().rev().skip(1).take(2).map(str::to_owned).collect()
}

#[test]
fn each_record_is_read_once_while_nobody_dies() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 4").success();
    // Only what is let go of is committed, so that a partition that moved without being let go of would show.
    let settings = [NEWER, COMMITS_NEVER];
    let a = member(&kt, "a", "--topic t", &settings);
    wait_for_members(&kt, &["a t:0,1,2,3"]);
    produce(&kt, "t", 0..100);
    wait_for_numbers(&[&a], 0..100);
    let b = member(&kt, "b", "--topic t", &settings);
    wait_until("two for each", || {
        let shares = super::sharing::members(&kt);
        shares.len() == 2 && shares.iter().all(|share| share.matches(',').count() == 1)
    });
    produce(&kt, "t", 100..200);
    wait_for_numbers(&[&a, &b], 0..200);
    let c = member(&kt, "c", "--topic t", &settings);
    wait_until("one for the third", || {
        let shares = super::sharing::members(&kt);
        shares.len() == 3 && shares.iter().all(|share| !share.ends_with('-'))
    });
    produce(&kt, "t", 200..300);
    wait_for_numbers(&[&a, &b, &c], 0..300);
    b.interrupt();
    b.wait_for_error_line("Processed a total");
    wait_until("two again for each", || {
        let shares = super::sharing::members(&kt);
        shares.len() == 2 && shares.iter().all(|share| share.matches(',').count() == 1)
    });
    produce(&kt, "t", 300..400);
    wait_for_numbers(&[&a, &b, &c], 0..400);
    let mut all: Vec<u32> = [&a, &b, &c].iter().flat_map(|member| printed(member)).map(|(_, n)| n).collect();
    all.sort_unstable();
    assert_eq!(all, (0..400).collect::<Vec<u32>>());
}

#[test]
fn a_killed_members_partitions_move() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 3").success();
    let settings = [NEWER, COMMITS_AT_ONCE];
    let a = member(&kt, "a", "--topic t", &settings);
    wait_for_members(&kt, &["a t:0,1,2"]);
    let b = member(&kt, "b", "--topic t", &settings);
    wait_until("a share for each", || {
        let shares = super::sharing::members(&kt);
        shares.len() == 2 && shares.iter().all(|share| !share.ends_with('-'))
    });
    produce(&kt, "t", 0..30);
    wait_for_numbers(&[&a, &b], 0..30);
    a.kill();
    wait_for_members(&kt, &["b t:0,1,2"]);
    produce(&kt, "t", 30..60);
    wait_for_numbers(&[&b], 30..60);
    b.kill();
    wait_for_members(&kt, &[]);
    let c = member(&kt, "c", "--topic t", &settings);
    wait_for_members(&kt, &["c t:0,1,2"]);
    produce(&kt, "t", 60..90);
    wait_for_numbers(&[&c], 60..90);
}

#[test]
fn a_killed_static_member_comes_back_to_its_place() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 2").success();
    let fixed = [NEWER, "group.instance.id=one", COMMITS_AT_ONCE];
    let one = member(&kt, "a", "--topic t", &fixed);
    wait_for_members(&kt, &["a t:0,1"]);
    produce(&kt, "t", 0..10);
    wait_for_numbers(&[&one], 0..10);
    let epochs_before = epochs(&kt);
    one.kill();
    assert_eq!(one.finish().status(), 137);
    wait_for_members(&kt, &["a t:0,1"]);
    let again = member(&kt, "a", "--topic t", &fixed);
    produce(&kt, "t", 10..20);
    wait_for_numbers(&[&again], 10..20);
    assert_eq!(epochs(&kt), epochs_before, "nothing was shared out anew");
    // Its place is taken: a second one is told so.
    let second = member(&kt, "b", "--topic t", &fixed);
    second.wait_for_error_line("cannot join the group because the instance id is owned by");
    assert_eq!(second.finish().status(), 1);
}

#[test]
fn the_members_say_how_it_is_shared_out() {
    let kt = Kt::new();
    kt.run("topics --create --topic x1 --partitions 3").success();
    kt.run("topics --create --topic x2 --partitions 3").success();
    let settings = [NEWER, "group.remote.assignor=range"];
    let a = member(&kt, "a", "--include x.*", &settings);
    wait_for_members(&kt, &["a x1:0,1,2;x2:0,1,2"]);
    let b = member(&kt, "b", "--include x.*", &settings);
    wait_until("two thirds of both for one", || {
        let mut shares: Vec<String> = super::sharing::members(&kt)
            .into_iter()
            .map(|share| share.split_once(' ').map(|(_, share)| share.to_owned()).unwrap_or_default())
            .collect();
        shares.sort();
        shares == ["x1:0,1;x2:0,1", "x1:2;x2:2"]
    });
    kt.run("topics --alter --topic x1 --partitions 4").success();
    kt.run("topics --create --topic x3 --partitions 2").success();
    wait_until("new partitions and topics", || {
        let shares = super::sharing::members(&kt).join(" ");
        ["x1:0,1;x2:0,1;x3:0", "x1:2,3;x2:2;x3:1"].iter().all(|share| shares.contains(share))
    });
    produce(&kt, "x3", 0..20);
    wait_for_numbers(&[&a, &b], 0..20);
}

#[test]
fn members_of_both_protocols_share_a_group() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 4").success();
    let old = member(&kt, "old", "--topic t", &[COMMITS_NEVER]);
    wait_for_members(&kt, &["old t:0,1,2,3"]);
    produce(&kt, "t", 0..40);
    wait_for_numbers(&[&old], 0..40);
    // The first one of the newer protocol makes the group one of that.
    let new = member(&kt, "new", "--topic t", &[NEWER, COMMITS_NEVER]);
    let upgraded = || {
        let lines = kt.run("groups --describe --group g --members --verbose").lines();
        let column = |line: &String| line.split_whitespace().last().unwrap_or_default().to_owned();
        let mut last: Vec<String> = lines.iter().filter(|line| !line.is_empty()).map(column).collect();
        last.sort();
        last
    };
    wait_until("one of each", || upgraded() == ["UPGRADED", "false", "true"]);
    // A second classic one comes as a guest.
    let guest = member(&kt, "guest", "--topic t", &[COMMITS_NEVER]);
    wait_until("one of each and one more", || upgraded() == ["UPGRADED", "false", "false", "true"]);
    wait_until("a share for all", || {
        let lines = kt.run("groups --describe --group g --members").lines();
        let counts = lines.iter().filter(|line| line.starts_with("g "));
        let mut counts: Vec<&str> = counts.filter_map(|line| line.split_whitespace().last()).collect();
        counts.sort_unstable();
        counts == ["1", "1", "2"]
    });
    produce(&kt, "t", 40..80);
    wait_for_numbers(&[&old, &new, &guest], 0..80);
    // When the last one of the newer protocol leaves, it is a classic group again.
    new.interrupt();
    new.wait_for_error_line("Processed a total");
    wait_for_members(&kt, &["guest t:0,1", "old t:2,3"]);
    produce(&kt, "t", 80..120);
    wait_for_numbers(&[&old, &new, &guest], 0..120);
    let mut all: Vec<u32> =
        [&old, &new, &guest].iter().flat_map(|member| printed(member)).map(|(_, n)| n).collect();
    all.sort_unstable();
    assert_eq!(all, (0..120).collect::<Vec<u32>>());
    kt.run("groups --list --type").shows(
        "GROUP                     TYPE                \ng                         Classic             \n",
    );
}
