//! Puts an engine together for the plan, runs it, and tells how it ended.

use super::batch::{Answers, Batch};
use super::each::Each;
use super::engine::{Engine, Settings, Sink, Stop};
use super::outgoing::{Destinations, Outlets};
use super::plan::Plan;
use super::process::Streams;
use super::session::{Ending, Session};
use super::transactions::Transactions;
use super::window::{Order, RECORDS_MAX, Window};
use super::worker::Worker;
use crate::cli::commands::consume::config::Request;
use crate::cli::commands::consume::delivery::{Commit, Delivery, Receiver};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::target::Connection;
use crate::client::Consumer;
use crate::signal::Bell;
use std::time::Duration;

/// What a run has come to.
pub(in crate::cli::commands::consume) struct Worked {
    pub(in crate::cli::commands::consume) status: Status,
    /// How many records are done.
    pub(in crate::cli::commands::consume) count: u64,
}

/// Has the plan's command work on up to `limit` records. The consumer is left open.
pub(in crate::cli::commands::consume) fn work(
    context: &mut Context,
    connection: Connection,
    consumer: &mut dyn Consumer,
    request: Request,
    plan: Plan,
    limit: u64,
) -> Result<Worked, Failure> {
    // What commands write comes after what has been written.
    std::io::Write::flush(&mut context.stdout)?;
    let bell = Bell::hang().map_err(|error| Failure::plain(format!("can't make a pipe: {error}")))?;
    let session_timeout_ms = u64::try_from(request.consumer.session_timeout_ms).unwrap_or(0);
    let (timeout, choice) = (request.timeout, request.choice);
    let window = Window::new(order(&plan, choice.delivery), RECORDS_MAX);
    let (worker, sink) = (worker(&plan), sink(connection, &plan, &request));
    let settings = Settings {
        retries: plan.retries,
        has_letters: plan.letters.is_some(),
        formatter: (plan.receiver == Receiver::Batch).then_some(request.formatter),
        skips_errors: request.skips_errors,
        commits: choice.commit != Commit::Never,
        commits_after: choice.delivery != Delivery::AtMost,
        limit,
    };
    let engine = Engine::new(settings, window, worker, sink, bell);
    let mut session = Session::new(
        engine,
        choice.commit,
        choice.delivery,
        timeout,
        Duration::from_millis(session_timeout_ms),
    );
    let mut untold = None;
    let ending = session.run(consumer, &mut |text| {
        if let Err(failure) = context.log(text) {
            untold = Some(failure);
        }
    });
    if let Some(failure) = untold {
        return Err(failure);
    }
    let status = tell(context, ending)?;
    Ok(Worked { status, count: session.engine.done_count })
}

fn order(plan: &Plan, delivery: Delivery) -> Order {
    match (plan.receiver, delivery) {
        (Receiver::Batch, _) => Order::Pipeline,
        // An offset that is committed ahead stands for all records before it.
        (_, Delivery::AtMost) => Order::Partition,
        _ if plan.parallel > 1 => Order::Key,
        _ => Order::Partition,
    }
}

fn worker(plan: &Plan) -> Box<dyn Worker> {
    let streams = Streams { output: plan.output.is_some(), errors: plan.letters.is_some() };
    if plan.receiver == Receiver::Batch {
        let answers = if plan.output.is_some() { Answers::Values } else { Answers::Words };
        Box::new(Batch::new(plan.command.clone(), streams, answers, RECORDS_MAX, plan.timeout))
    } else {
        Box::new(Each::new(plan.command.clone(), streams, plan.parallel, plan.timeout))
    }
}

fn sink(connection: Connection, plan: &Plan, request: &Request) -> Sink {
    let group = request.consumer.group.clone();
    let destinations = Destinations {
        output: plan.output.clone(),
        letters: plan.letters.clone(),
        group: group.clone().filter(|_| !request.consumer.group_is_made_up),
    };
    match (request.choice.delivery, group) {
        (Delivery::Exactly, Some(group)) => {
            Sink::Transactions(Transactions::new(connection, destinations, group))
        }
        _ => Sink::Outlets(Outlets::new(connection, destinations)),
    }
}

fn tell(context: &mut Context, ending: Ending) -> Result<Status, Failure> {
    match ending {
        Ending::Complete => Ok(Status::SUCCESS),
        Ending::Signal(number) => Ok(Status::of_signal(number)),
        Ending::Stopped(Stop::Failed(why)) => {
            context.log(&why)?;
            Ok(Status::FAILURE)
        }
        Ending::Stopped(Stop::Unread(error)) => {
            context.log(&error.message)?;
            Ok(Status::FAILURE)
        }
    }
}
