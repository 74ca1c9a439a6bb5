//! A second opinion: a generator of random histories, and a naive evaluator that knows nothing of the product's own.
//!
//! The evaluator reads the list of events as they were sent, applies the corrections itself, and works every answer out anew
//! by looking at all that happened. It shares no code with the fold, the ledger, the query engine or the metric language:
//! only exact fractions, and the calendar library. It is slow, and short enough to be checked by reading.

pub mod answer;
pub mod compare;
pub mod dice;
pub mod draw;
pub mod effective;
pub mod facts;
pub mod history;
pub mod metric;
pub mod play;
pub mod question;
pub mod tenant;
pub mod view;
pub mod world;
