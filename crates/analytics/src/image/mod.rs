//! Images of tenants' ledgers: loaded when a tenant is first asked for, kept up with its commits, and dropped when memory
//! is needed for others.

mod cache;
mod follow;
mod load;
mod overlap;
mod snapshot;
mod stream;

pub(crate) use self::{
    cache::Images,
    overlap::within,
    snapshot::Snapshot,
    stream::{Pages, streamed},
};
