//! `kt serve` on a directory of its own, and connections to it that speak the protocol.

use crate::measure::kt;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// Killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    temporary: tempfile::TempDir,
    pub(crate) address: String,
}

impl Server {
    /// Starts a server with one topic.
    pub(crate) fn start(topic: &str, partitions: usize) -> Server {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        let create = format!("topics --create --topic {topic} --partitions {partitions}");
        assert!(kt(&data, &create).stdout(Stdio::null()).status().unwrap().success());
        let mut command = kt(&data, "serve --listen localhost:0");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("listening on ").split(',').next().unwrap().to_owned();
        Server { child, temporary, address }
    }

    pub(crate) fn data(&self) -> PathBuf {
        Path::join(self.temporary.path(), "data")
    }

    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection { stream, correlation_id: 0 }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    correlation_id: i32,
}

impl Connection {
    /// The bytes of a request.
    pub(crate) fn frame<Q: Request>(&mut self, version: i16, request: &Q) -> Vec<u8> {
        self.correlation_id += 1;
        let header = RequestHeader::default()
            .with_request_api_key(Q::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation_id);
        let mut body = BytesMut::new();
        header.encode(&mut body, Q::header_version(version)).unwrap();
        request.encode(&mut body, version).unwrap();
        [&(body.len() as u32).to_be_bytes()[..], &body].concat()
    }

    pub(crate) fn receive<R: Decodable + HeaderVersion>(&mut self, version: i16) -> R {
        let mut size = [0; 4];
        self.stream.read_exact(&mut size).unwrap();
        let mut frame = vec![0; u32::from_be_bytes(size) as usize];
        self.stream.read_exact(&mut frame).unwrap();
        let mut frame = Bytes::from(frame);
        ResponseHeader::decode(&mut frame, R::header_version(version)).unwrap();
        R::decode(&mut frame, version).unwrap()
    }
}
