//! As much HTTP as it takes to be asked for a page: one request a connection, no body, a bounded header.

use super::gauges;
use super::page::Page;
use crate::serve::context::Context;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// So many may ask at once; others wait.
const ASKERS_MAX: usize = 16;
const HEADER_BYTES_MAX: usize = 8 * 1024;
/// After that an asker is given up.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

const PLAIN: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// An answer.
struct Response {
    status: &'static str,
    content_type: &'static str,
    body: String,
}

/// Answers whoever asks, as long as the runtime lives.
pub(in crate::serve) async fn serve(listener: TcpListener, context: Arc<Context>) {
    let seats = Arc::new(Semaphore::new(ASKERS_MAX));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let context = Arc::clone(&context);
        tokio::spawn(async move {
            let _seat = seat;
            // An asker who went away is no matter.
            let _ = tokio::time::timeout(PATIENCE, answer(stream, &context)).await;
        });
    }
}

async fn answer(mut stream: TcpStream, context: &Arc<Context>) -> std::io::Result<()> {
    let mut header = Vec::new();
    while !header.windows(4).any(|end| end == b"\r\n\r\n") && header.len() < HEADER_BYTES_MAX {
        if stream.read_buf(&mut header).await? == 0 {
            return Ok(());
        }
    }
    let (method, path) = asked(&header);
    let page = match method {
        "GET" | "HEAD" => page(path, context).await,
        _ => Response { status: "405 Method Not Allowed", content_type: PLAIN, body: "only GET\n".into() },
    };
    let Response { status, content_type, body } = page;
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    if method != "HEAD" {
        stream.write_all(body.as_bytes()).await?;
    }
    stream.shutdown().await
}

/// Method and path of a request, without what follows a '?'.
fn asked(header: &[u8]) -> (&str, &str) {
    let line = header.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let mut words = std::str::from_utf8(line).unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    (method, path.split('?').next().unwrap_or_default())
}

async fn page(path: &str, context: &Arc<Context>) -> Response {
    let plain = |status, body: &str| Response { status, content_type: PLAIN, body: body.to_owned() };
    match path {
        "/metrics" => Response { status: "200 OK", content_type: METRICS, body: metrics(context).await },
        "/health/live" => plain("200 OK", "ok\n"),
        "/health" | "/health/ready" => match ready(context).await {
            Ok(()) => plain("200 OK", "ok\n"),
            Err(why) => plain("503 Service Unavailable", &format!("{why}\n")),
        },
        "/" => plain("200 OK", "/metrics\n/health/live\n/health/ready\n"),
        _ => plain("404 Not Found", "not found\n"),
    }
}

async fn metrics(context: &Arc<Context>) -> String {
    let mut page = Page::default();
    if let Some(metrics) = &context.metrics {
        metrics.write(&mut page);
    }
    let cluster = context.cluster.clone();
    let written = tokio::task::spawn_blocking(move || {
        gauges::write(&cluster, &mut page);
        page
    });
    written.await.map(Page::text).unwrap_or_default()
}

/// Why the server is not ready.
async fn ready(context: &Arc<Context>) -> Result<(), String> {
    if context.is_stopping() {
        return Err("the server is about to end".to_owned());
    }
    let cluster = context.cluster.clone();
    let looked = tokio::task::spawn_blocking(move || cluster.admin().describe_cluster().map(|_| ()));
    match looked.await {
        Ok(looked) => looked.map_err(|error| error.message),
        Err(_) => Err("the directory can't be looked at".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_is_asked() {
        assert_eq!(asked(b"GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"), ("GET", "/metrics"));
        assert_eq!(asked(b"POST / HTTP/1.1\r\n"), ("POST", "/"));
        for odd in [&b""[..], b"\xff\xfe", b"\r\n\r\n", b"GET"] {
            let (method, path) = asked(odd);
            assert!(path.is_empty() && (method.is_empty() || method == "GET"));
        }
    }
}
