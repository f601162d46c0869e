//! The server: sockets, requests, answers. What it serves is in `world`, what it spoils in `fault`.

mod admission;
mod alter;
mod arrival;
mod blobs;
mod body;
mod book;
mod call;
mod connection;
mod deliver;
mod dispatch;
mod listings;
mod manifests;
mod mounts;
mod reply;
mod site;
mod target;
mod tls;
mod tokens;
mod uploads;
mod wire;

pub(crate) use connection::listen;
pub(crate) use site::{Places, Site, lock};
pub(crate) use tls::Identity;
