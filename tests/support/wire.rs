//! A client that speaks Kafka's wire protocol, and a server for it: one request at a time, or raw bytes.
//!
//! ```ignore
//! let server = Served::start(&kt, "");
//! let mut client = server.connect();
//! let answer = client.call(12, &MetadataRequest::default());
//! ```

use super::kt::{Kt, Output};
use super::running::Running;
use super::tls::Stream;
use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// `kt serve` on a port of its own, until it is dropped.
pub(crate) struct Served {
    pub(crate) running: Running,
    /// `localhost:PORT`.
    pub(crate) address: String,
}

impl Served {
    /// Starts a server on the data directory of `kt`, with more options if there are any, and waits until it listens.
    #[track_caller]
    pub(crate) fn start(kt: &Kt, options: &str) -> Served {
        Served::of(kt.start(format!("serve --listen localhost:0 {options}")))
    }

    /// A server that was started otherwise.
    #[track_caller]
    pub(crate) fn of(running: Running) -> Served {
        let line = running.wait_for_line("^listening on ");
        let addresses = line.trim_start_matches("listening on ");
        let address = addresses.split(',').next().unwrap().to_owned();
        Served { running, address }
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> Wire {
        Wire::connect(&self.address)
    }

    /// Ends it with SIGTERM and waits.
    #[track_caller]
    pub(crate) fn end(self) -> Output {
        self.running.terminate();
        self.running.finish()
    }
}

/// A connection.
pub(crate) struct Wire {
    pub(crate) stream: Stream,
    correlation_id: i32,
    pub(crate) client_id: String,
}

impl Wire {
    #[track_caller]
    pub(crate) fn connect(address: &str) -> Wire {
        let stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Wire::over(Stream::Plain(stream))
    }

    pub(crate) fn over(stream: Stream) -> Wire {
        Wire { stream, correlation_id: 0, client_id: "test".to_owned() }
    }

    /// Sends a request and returns its answer.
    #[track_caller]
    pub(crate) fn call<Q: Request>(&mut self, version: i16, request: &Q) -> Q::Response {
        self.send(version, request);
        self.receive::<Q>(version)
    }

    /// Sends a request without waiting for its answer.
    #[track_caller]
    pub(crate) fn send<Q: Request>(&mut self, version: i16, request: &Q) {
        let frame = self.frame(version, request);
        self.stream.write_all(&frame).unwrap();
    }

    /// The answer to a request that was sent; they come in order. Checks that nothing is left of it when it is read.
    #[track_caller]
    pub(crate) fn receive<Q: Request>(&mut self, version: i16) -> Q::Response {
        let mut frame =
            self.receive_frame().unwrap_or_else(|e| panic!("{:?}: {e}", ApiKey::try_from(Q::KEY)));
        ResponseHeader::decode(&mut frame, Q::Response::header_version(version)).unwrap();
        let response = Q::Response::decode(&mut frame, version).unwrap();
        assert!(frame.is_empty(), "{} bytes too many", frame.len());
        response
    }

    /// The bytes of a request, length in front.
    pub(crate) fn frame<Q: Request>(&mut self, version: i16, request: &Q) -> Vec<u8> {
        self.correlation_id += 1;
        let header = RequestHeader::default()
            .with_request_api_key(Q::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation_id)
            .with_client_id(Some(StrBytes::from_string(self.client_id.clone())));
        let mut body = BytesMut::new();
        header.encode(&mut body, Q::header_version(version)).unwrap();
        request.encode(&mut body, version).unwrap();
        let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(&body);
        frame
    }

    /// The next answer as it comes, without its length; an error at the end of the connection.
    pub(crate) fn receive_frame(&mut self) -> io::Result<Bytes> {
        let mut size = [0; 4];
        self.stream.read_exact(&mut size)?;
        let mut frame = vec![0; usize::try_from((&size[..]).get_i32()).unwrap()];
        self.stream.read_exact(&mut frame)?;
        Ok(frame.into())
    }
}
