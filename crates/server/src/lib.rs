//! What every Scoreline service needs: configuration, logs, the layers around each call, health, and an orderly stop.
//!
//! A service brings its routes, its method table and its authenticator; [`serve::bind`] does the rest.

pub mod api_key;
pub mod auth;
pub mod config;
pub mod health;
pub mod layers;
pub mod methods;
pub mod principal;
pub mod serve;
pub mod shutdown;
pub mod status;
pub mod stored_keys;
pub mod telemetry;

pub use secrecy;

/// Queries and commits take and leave large buffers all the time: the system's allocator hands most of them back to the kernel
/// and has them zeroed anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
