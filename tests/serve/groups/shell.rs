//! Members beyond the network beside members of the shell, and processes that die.

use super::member::{Member, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, feed, parts, with_topic};
use crate::support::{Served, wait_until};
use std::collections::BTreeMap;

#[test]
fn a_member_of_the_shell_and_one_of_the_network_share_a_topic() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let mut member = Member::new(&server, "g");
    member.join(&[]);
    member.sync(&parts(&[(&member, &[0, 1])])).unwrap();
    let shell = kt.start("consume --topic t --group g --from-beginning --property print.partition=true");
    wait_until("the shell's member to join", || member.beat() == REBALANCE_IN_PROGRESS);
    let joined = member.join(&[]);
    assert_eq!(joined.leader.as_str(), member.id);
    let ids: Vec<String> = joined.members.iter().map(|one| one.member_id.to_string()).collect();
    assert_eq!(ids.len(), 2);
    let both = ids.iter().map(|id| (id.clone(), if *id == member.id { vec![0] } else { vec![1] })).collect();
    assert_eq!(member.sync(&both), Ok(vec![0]));
    feed(&kt);
    shell.wait_for_line("p1");
    assert!(!String::from_utf8(shell.stdout_so_far()).unwrap().contains("p0"));
    // Killed, it is seen to be dead at once, long before its session would end.
    shell.kill();
    wait_until("the shell's end to be seen", || member.beat() == REBALANCE_IN_PROGRESS);
    assert_eq!(member.join(&[]).members.len(), 1);
    assert_eq!(member.sync(&parts(&[(&member, &[0, 1])])), Ok(vec![0, 1]));
}

#[test]
fn members_of_the_shell_take_over_at_once_when_the_server_is_killed() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let mut member = Member::new(&server, "g");
    member.join(&[]);
    member.sync(&parts(&[(&member, &[0, 1])])).unwrap();
    assert_eq!(member.commit(0, 0), 0);
    let shell = kt.start("consume --topic t --group g --from-beginning");
    wait_until("the shell's member to join", || member.beat() == REBALANCE_IN_PROGRESS);
    let joined = member.join(&[]);
    let parts = joined.members.iter().map(|one| one.member_id.to_string());
    let parts = parts.map(|id| (id.clone(), if id == member.id { vec![0, 1] } else { vec![] })).collect();
    member.sync(&parts).unwrap();
    feed(&kt);
    server.running.kill();
    shell.wait_for_lines(2);
    // Another server speaks for whoever comes back.
    let server = Served::start(&kt, "");
    member.wire = server.connect();
    assert_eq!(member.beat(), UNKNOWN_MEMBER_ID);
}

#[test]
fn the_shell_leads_and_the_network_follows() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let shell = kt.start("consume --topic t --group g --from-beginning");
    wait_until("the shell's member", || {
        kt.run("consumer-groups --describe --group g --state").lines().join(" ").contains("Stable")
    });
    let mut member = Member::new(&server, "g");
    let joined = member.join(&[]);
    assert_eq!((joined.error_code, joined.members.len()), (0, 0));
    let own = member.sync(&BTreeMap::new()).unwrap();
    assert_eq!(own.len(), 1);
    feed(&kt);
    shell.wait_for_line(&format!("p{}", 1 - own[0]));
    shell.interrupt();
    wait_until("the shell's member to leave", || member.beat() == REBALANCE_IN_PROGRESS);
    assert_eq!(member.join(&[]).leader.as_str(), member.id);
}

#[test]
fn members_of_two_servers_are_in_one_group_and_outlive_either_server() {
    let kt = with_topic(2);
    let (here, there) = (Served::start(&kt, ""), Served::start(&kt, ""));
    let (mut first, mut second) = (Member::new(&here, "g"), Member::new(&there, "g"));
    first.join(&[]);
    first.sync(&parts(&[(&first, &[0, 1])])).unwrap();
    second.send_join(&[]);
    wait_until("the other server's member", || first.beat() == REBALANCE_IN_PROGRESS);
    assert_eq!(first.join(&[]).members.len(), 2);
    // The answer comes by what the first server does.
    assert_eq!(second.joined().generation_id, 2);
    second.send_sync(&BTreeMap::new());
    assert_eq!(first.sync(&parts(&[(&first, &[0]), (&second, &[1])])), Ok(vec![0]));
    assert_eq!(second.synced(), Ok(vec![1]));
    // A client may go to the other server and stay who it is.
    second.wire = here.connect();
    assert_eq!((second.beat(), second.commit(1, 0)), (0, 0));
    second.wire = there.connect();
    here.running.kill();
    wait_until("the end of the first server", || second.beat() == REBALANCE_IN_PROGRESS);
    assert_eq!(second.join(&[]).members.len(), 1);
    assert_eq!(second.sync(&parts(&[(&second, &[0, 1])])), Ok(vec![0, 1]));
}

#[test]
fn a_member_goes_on_when_its_server_is_back_before_anyone_missed_it() {
    let kt = with_topic(1);
    let server = Served::start(&kt, "");
    let mut member = Member::new(&server, "g");
    member.join(&[]);
    member.sync(&parts(&[(&member, &[0])])).unwrap();
    server.running.kill();
    // As long as it is dying it still speaks for its members.
    server.running.finish().failure(128 + libc::SIGKILL);
    let server = Served::start(&kt, "");
    member.wire = server.connect();
    assert_eq!((member.beat(), member.commit(0, 0)), (0, 0));
    // It is spoken for again: a member that comes finds it there.
    let mut other = Member::new(&server, "g");
    other.send_join(&[]);
    wait_until("the other one", || member.beat() == REBALANCE_IN_PROGRESS);
    assert_eq!(member.join(&[]).members.len(), 2);
}
