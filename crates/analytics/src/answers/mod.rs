//! Answers queries over a snapshot, on as many threads as are free.

pub(crate) mod at_once;
mod costs;
mod held;
mod kept;
mod stop;
mod streamed;
mod threads;

use std::sync::Arc;

use scoreline_core::{
    crew::Crew,
    dimension::Tables,
    id::TenantId,
    ledger::BlockSource,
    metric::evaluate::{Answers, Question, SourceError, Table, evaluate},
    query::{self, AggregateQuery, Answer, Options},
};
use scoreline_server::status::Problem;
use scoreline_storage::Ledger;
use tokio::runtime::Handle;

pub(crate) use self::{
    costs::Costs,
    kept::Kept,
    stop::{Stop, Stopped},
    threads::Threads,
};
use crate::{
    analytics::Standing,
    catalogue::Catalogue,
    failure,
    image::{Pages, Snapshot, streamed},
};

/// A tenant's ledger at one commit, as the evaluation of metrics asks it. To be used off the async threads.
#[derive(Clone)]
pub(crate) struct LedgerAnswers {
    pub(crate) store: Arc<dyn Ledger>,
    pub(crate) runtime: Handle,
    pub(crate) tenant: TenantId,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) tables: Arc<Tables>,
    pub(crate) options: Options,
    pub(crate) max_buckets: usize,
    pub(crate) threads: Threads,
    pub(crate) kept: Kept,
    pub(crate) stop: Stop,
}

impl LedgerAnswers {
    fn pages(&self) -> Pages {
        self.pages_of(0, self.snapshot.commit)
    }

    /// The segments of the commits after one, up to another.
    pub(crate) fn pages_of(&self, after: u64, to: u64) -> Pages {
        Pages::new(
            Arc::clone(&self.store),
            self.runtime.clone(),
            self.tenant.clone(),
            after,
            to,
        )
    }

    /// The same with other dimension tables.
    pub(crate) fn with_tables(&self, tables: Arc<Tables>) -> Self {
        Self { tables, ..self.clone() }
    }

    /// The same in another state of knowledge.
    pub(crate) fn in_state(&self, standing: &Standing) -> Self {
        Self {
            snapshot: Arc::clone(&standing.snapshot),
            tables: Arc::clone(&standing.tables),
            ..self.clone()
        }
    }

    /// The answer to a question that was put. `prefix` is where its query stands in the request.
    ///
    /// # Errors
    /// When it has no answer, or one that is too large.
    pub(crate) fn table(&self, catalogue: &Catalogue, question: &Question, prefix: &str) -> Result<Table, Problem> {
        let table = evaluate(self, &catalogue.registry, &catalogue.policies, &self.tables, question)
            .map_err(|error| failure::unanswered(error, prefix))?;
        let (cells, limit) = (
            table.rows.len().saturating_mul(table.columns.len()),
            self.options.max_cells,
        );
        if cells > limit {
            let problem = format!("make an answer of {cells} cells, the limit is {limit}: ask for fewer");
            return Err(failure::too_many_cells(problem, prefix));
        }
        Ok(table)
    }

    /// The records behind a query's bucket.
    pub(crate) fn contributions(
        &self,
        query: &AggregateQuery,
        bucket: usize,
        page: query::Page,
    ) -> Result<query::Contributions, Stopped> {
        self.stop.check()?;
        let over = |source: &mut dyn BlockSource| {
            query::contributions_over(source, &self.tables, query, &self.options, (bucket, &[]), page)
        };
        let found = match &self.snapshot.rows {
            Some(image) => over(&mut image.source()),
            None => over(&mut streamed(self.pages())),
        };
        found.map_err(Stopped::Query)
    }

    fn all(&self, queries: &[AggregateQuery]) -> Result<Vec<Arc<Answer>>, Stopped> {
        if let Some(buckets) = queries
            .iter()
            .map(|query| query.buckets.len())
            .max()
            .filter(|most| *most > self.max_buckets)
        {
            return Err(Stopped::TooManyBuckets {
                buckets,
                limit: self.max_buckets,
            });
        }
        match &self.snapshot.rows {
            Some(image) => held::answers(self, image, queries),
            None => streamed::answers(self, queries),
        }
    }
}

impl Answers for LedgerAnswers {
    fn answers(&self, queries: &[AggregateQuery]) -> Result<Vec<Arc<Answer>>, SourceError> {
        self.all(queries).map_err(|stopped| Box::new(stopped) as SourceError)
    }

    fn crew(&self) -> &dyn Crew {
        &self.threads
    }
}
