//! What happens around every call, outermost first:
//!
//! 1. [`request_id`]: everything below can name the call;
//! 2. [`trace`]: a span, and one line when the call has ended, however it ended;
//! 3. [`catch_panic`]: inside the two above, so that a panic is reported with its request and its code;
//! 4. [`deadline`]: no unary call runs longer than it may;
//! 5. [`admission`]: no more calls at once than the process can bear;
//! 6. [`authenticate`]: who calls, and may they;
//! 7. [`wire_fault`]: what tonic refuses before a service sees it, in the terms of our status table.

pub mod admission;
pub mod authenticate;
pub mod catch_panic;
pub mod deadline;
mod middleware;
pub mod request_id;
pub mod trace;
pub mod wire_fault;

pub use deadline::Deadline;
pub use middleware::{Around, Inner, Middleware, Wrapped};
pub use request_id::RequestId;
