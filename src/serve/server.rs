//! `Server`: listens, serves every connection in a task of its own, and ends in good order.

use super::address::Listen;
use super::call::{Hangup, Peer};
use super::connection;
use super::context::Context;
use super::error::Error;
use super::handlers::share_fetch;
use super::limits::PROOF_TIME;
use super::metrics::{self, Metrics};
use super::security::{Gate, Principal};
use super::session::Session;
use super::settings::Settings;
use crate::local::Cluster;
use crate::signal::{self, Bell};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How many threads may wait for locks and disks at once.
const BLOCKING_THREADS_MAX: usize = 64;
/// A thread that has nothing to do ends after this time.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long connections have to end when the server does.
const GRACE: Duration = Duration::from_secs(5);
/// `log.retention.check.interval.ms`.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// After an accept that failed for want of something, until the next one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A socket that listens.
struct Listener {
    socket: TcpListener,
    listen: Listen,
    gate: Arc<Gate>,
    port: u16,
}

/// A server that listens already and answers once it runs.
pub(crate) struct Server {
    runtime: Runtime,
    listeners: Vec<Listener>,
    /// For metrics and health.
    asked_at: Vec<Listener>,
    context: Arc<Context>,
    stop: watch::Sender<bool>,
    bell: Bell,
}

impl Server {
    /// Listens where `settings` says; signals ask the server to end from here on.
    pub(crate) fn bind(cluster: Cluster, settings: &Settings) -> Result<Server, Error> {
        signal::install();
        let bell = Bell::hang().map_err(|source| Error::Signals { source })?;
        let runtime = Builder::new_multi_thread()
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_keep_alive(THREAD_KEEP_ALIVE)
            .thread_name("serve")
            .enable_all()
            .build()
            .map_err(|source| Error::Runtime { source })?;
        let (stop, stopping) = watch::channel(false);
        let mut listeners = Vec::new();
        for (listen, gate) in settings.entrances() {
            runtime.block_on(open(listen, gate, &mut listeners))?;
        }
        let mut context = Context::new(cluster, settings.guard(), stopping);
        let mut asked_at = Vec::new();
        if let Some(listen) = &settings.metrics {
            context.metrics = Some(Metrics::new());
            runtime.block_on(open(listen, &Arc::new(Gate { tls: None, sasl: None }), &mut asked_at))?;
        }
        context.faults = settings.faults();
        let context = Arc::new(context);
        Ok(Server { runtime, listeners, asked_at, context, stop, bell })
    }

    /// Where it listens, as its clients are to be told.
    pub(crate) fn addresses(&self) -> Vec<(String, u16)> {
        Self::addresses_of(&self.listeners)
    }

    /// Where it can be asked for metrics and health.
    pub(crate) fn metrics_addresses(&self) -> Vec<(String, u16)> {
        Self::addresses_of(&self.asked_at)
    }

    fn addresses_of(listeners: &[Listener]) -> Vec<(String, u16)> {
        let mut addresses = Vec::new();
        for listener in listeners {
            let Ok(local) = listener.socket.local_addr() else { continue };
            let address = (listener.listen.advertised_host(local.ip()), listener.port);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// Serves until a signal asks to end, and then until what is under way has been answered.
    pub(crate) fn run(self) -> Result<(), Error> {
        let Server { runtime, listeners, asked_at, context, stop, bell } = self;
        let outcome = runtime.block_on(async {
            let (alive, mut all_gone) = mpsc::channel::<()>(1);
            for listener in listeners {
                tokio::spawn(accept(listener, Arc::clone(&context), alive.clone()));
            }
            drop(alive);
            for listener in asked_at {
                tokio::spawn(metrics::serve(listener.socket, Arc::clone(&context)));
            }
            tracing::info!(broker = context.cluster.broker_id().0, "serving");
            tokio::spawn(look_after(Arc::clone(&context)));
            asked_to_end(bell).await.map_err(|source| Error::Signals { source })?;
            tracing::info!("ending");
            let _ = stop.send(true);
            // Nothing is ever sent: it ends when every connection has.
            let _ = tokio::time::timeout(GRACE, all_gone.recv()).await;
            Ok(())
        });
        runtime.shutdown_timeout(GRACE);
        outcome
    }
}

/// Opens the sockets of an address. A name may stand for several: one that can't be had is left out if another can.
async fn open(listen: &Listen, gate: &Arc<Gate>, listeners: &mut Vec<Listener>) -> Result<(), Error> {
    let failed = |source| Error::Listen { address: listen.to_string(), source };
    let (mut port, mut opened, mut refused) = (None, false, None);
    for mut address in listen.resolve().map_err(failed)? {
        if let (0, Some(port)) = (address.port(), port) {
            address.set_port(port);
        }
        match TcpListener::bind(address).await {
            Ok(socket) => {
                let own = socket.local_addr().map_err(failed)?.port();
                port = Some(own);
                opened = true;
                let (listen, gate) = (listen.clone(), Arc::clone(gate));
                listeners.push(Listener { socket, listen, gate, port: own });
            }
            // Somebody else's address is no reason to be content with the other one.
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => return Err(failed(e)),
            Err(e) => refused = Some(e),
        }
    }
    match refused {
        Some(source) if !opened => Err(failed(source)),
        None if !opened => Err(failed(io::ErrorKind::AddrNotAvailable.into())),
        _ => Ok(()),
    }
}

/// Does what a broker's threads do in the background, at the pace at which they look for it.
async fn look_after(context: Arc<Context>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(UPKEEP_INTERVAL) => {}
            () = context.stopping() => return,
        }
        let cluster = context.cluster.clone();
        // What fails is tried again next time.
        let _ = tokio::task::spawn_blocking(move || cluster.maintain_beside()).await;
    }
}

async fn accept(listener: Listener, context: Arc<Context>, alive: mpsc::Sender<()>) {
    let doors = &context.guard.doors;
    loop {
        let accepted = tokio::select! {
            accepted = async { (doors.room().await, listener.socket.accept().await) } => accepted,
            () = context.stopping() => return,
        };
        match accepted {
            (Some(room), Ok((stream, address))) => {
                // One too many from its address: it is closed.
                let Some(place) = doors.enter(room, address.ip()) else { continue };
                let (context, alive, gate) =
                    (Arc::clone(&context), alive.clone(), Arc::clone(&listener.gate));
                let advertised = advertised(&listener, &stream);
                tokio::spawn(async move {
                    let _held = (alive, place);
                    let peer = Peer { address, advertised, principal: Principal::anonymous() };
                    served(stream, peer, gate, context).await;
                });
            }
            // Out of descriptors, say: those who are connected go on, and the others wait.
            _ => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

fn advertised(listener: &Listener, stream: &TcpStream) -> (String, u16) {
    let used = stream.local_addr().map_or(SocketAddr::from(([127, 0, 0, 1], 0)), |address| address);
    (listener.listen.advertised_host(used.ip()), listener.port)
}

/// Serves a connection, and tells of it.
async fn served(stream: TcpStream, peer: Peer, gate: Arc<Gate>, context: Arc<Context>) {
    let (address, metrics) = (peer.address, context.metrics.clone());
    let _connected = metrics.as_ref().map(Metrics::connect);
    tracing::debug!(peer = %address, "connected");
    let ended = serve(stream, peer, gate, Arc::clone(&context)).await;
    share_fetch::hang_up(context, address).await;
    match ended {
        Ok(()) => tracing::debug!(peer = %address, "disconnected"),
        // Why a connection ended is of no interest to the others.
        Err(why) => {
            metrics.iter().for_each(|metrics| metrics.give_up());
            tracing::debug!(peer = %address, %why, "given up");
        }
    }
}

async fn serve(stream: TcpStream, peer: Peer, gate: Arc<Gate>, context: Arc<Context>) -> Result<(), Hangup> {
    // Without it an answer may wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let Some(tls) = &gate.tls else {
        let (reader, writer) = stream.into_split();
        return connection::serve(reader, writer, Session::new(peer, gate), context).await;
    };
    let greeted = timeout(PROOF_TIME, TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream)).await;
    let stream = greeted.map_err(|_| Hangup::Idle)??;
    let certificates = stream.get_ref().1.peer_certificates();
    let certificate = certificates.and_then(|certificates| certificates.first());
    // With a certificate that no rule names nobody comes in, as with Kafka.
    let Some(principal) = tls.principal(certificate) else { return Ok(()) };
    let session = Session::new(peer.as_principal(principal), Arc::clone(&gate));
    let (reader, writer) = tokio::io::split(stream);
    connection::serve(reader, writer, session, context).await
}

/// Returns when a signal has asked this process to end.
async fn asked_to_end(bell: Bell) -> io::Result<()> {
    let pipe = pipe::Receiver::from_owned_fd(bell.into())?;
    let mut rings = [0; 64];
    while signal::received().is_none() {
        pipe.readable().await?;
        // An error of reading is no ring.
        let _ = pipe.try_read(&mut rings);
    }
    Ok(())
}
