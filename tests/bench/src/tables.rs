//! The organisation as tables, one Parquet file each, for the engines that Scoreline is compared with.
//!
//! Numbers as keys, cents, dates and whether a deal was won stand ready: no engine has to parse or to look anything up.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;

use crate::organisation::{Family, KINDS, Moment, Movement, Organisation, QUARTERS, REPS, SOURCES, STAGES, day_of};

/// Rows that are gathered before they are written.
const BATCH: usize = 1 << 18;

/// A column on its way to a file.
enum Column {
    Key(Vec<i32>),
    Number(Vec<Option<i64>>),
    Text(Vec<&'static str>),
    Name(Vec<String>),
    Day(Vec<Option<i32>>),
    Time(Vec<Option<i64>>),
    Flag(Vec<Option<bool>>),
}

impl Column {
    fn data_type(&self) -> DataType {
        match self {
            Self::Key(_) => DataType::Int32,
            Self::Number(_) => DataType::Int64,
            Self::Text(_) | Self::Name(_) => DataType::Utf8,
            Self::Day(_) => DataType::Date32,
            Self::Time(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Flag(_) => DataType::Boolean,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Key(keys) => keys.len(),
            Self::Number(numbers) | Self::Time(numbers) => numbers.len(),
            Self::Text(texts) => texts.len(),
            Self::Name(names) => names.len(),
            Self::Day(days) => days.len(),
            Self::Flag(flags) => flags.len(),
        }
    }

    fn take(&mut self) -> ArrayRef {
        match self {
            Self::Key(keys) => Arc::new(Int32Array::from(std::mem::take(keys))),
            Self::Number(numbers) => Arc::new(Int64Array::from(std::mem::take(numbers))),
            Self::Text(texts) => Arc::new(StringArray::from(std::mem::take(texts))),
            Self::Name(names) => Arc::new(StringArray::from(std::mem::take(names))),
            Self::Day(days) => Arc::new(Date32Array::from(std::mem::take(days))),
            Self::Time(times) => Arc::new(TimestampMicrosecondArray::from(std::mem::take(times))),
            Self::Flag(flags) => Arc::new(BooleanArray::from(std::mem::take(flags))),
        }
    }
}

/// A table and its file.
struct Table {
    columns: Vec<(&'static str, Column)>,
    writer: ArrowWriter<File>,
    schema: Arc<Schema>,
}

macro_rules! row {
    ($table:expr; $($kind:ident $value:expr),* $(,)?) => {{
        let mut columns = $table.columns.iter_mut();
        $(match columns.next() {
            Some((_, Column::$kind(values))) => values.push($value),
            _ => unreachable!("a row has the columns of its table"),
        })*
        $table.written()
    }};
}

impl Table {
    fn create(folder: &Path, name: &str, columns: Vec<(&'static str, Column)>) -> anyhow::Result<Self> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let file = File::create(folder.join(format!("{name}.parquet")))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), None)?;
        Ok(Self {
            columns,
            writer,
            schema,
        })
    }

    fn written(&mut self) -> anyhow::Result<()> {
        if self.columns[0].1.len() >= BATCH {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let columns = self.columns.iter_mut().map(|(_, column)| column.take()).collect();
        self.writer
            .write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)?;
        Ok(())
    }

    fn close(mut self) -> anyhow::Result<()> {
        self.flush()?;
        self.writer.close()?;
        Ok(())
    }
}

/// The files that an organisation is written to.
pub(crate) struct Tables {
    leads: Table,
    opportunities: Table,
    stage_changes: Table,
    activities: Table,
    orders: Table,
    inquiries: Table,
    surveys: Table,
    subscriptions: Table,
    next_opportunity: i64,
    next_lead: i64,
}

impl Tables {
    /// Starts the files in a folder, and writes those of reps and quotas.
    ///
    /// # Errors
    /// When a file can't be written.
    pub(crate) fn create(folder: &Path, organisation: &Organisation) -> anyhow::Result<Self> {
        use Column::{Day, Flag, Key, Name, Number, Text, Time};
        std::fs::create_dir_all(folder)?;
        let mut reps = Table::create(
            folder,
            "reps",
            vec![("rep", Key(vec![])), ("name", Name(vec![])), ("region", Text(vec![]))],
        )?;
        let mut quotas = Table::create(
            folder,
            "quotas",
            vec![
                ("rep", Key(vec![])),
                ("first", Day(vec![])),
                ("last", Day(vec![])),
                ("amount", Number(vec![])),
            ],
        )?;
        for rep in 0..REPS {
            row!(reps; Key rep as i32, Name Organisation::rep_name(rep), Text Organisation::region(rep))?;
            for (quarter, days) in QUARTERS.windows(2).enumerate() {
                let quota = organisation.quota(rep, quarter);
                row!(quotas; Key rep as i32, Day Some(days[0]), Day Some(days[1]), Number Some(quota))?;
            }
        }
        reps.close()?;
        quotas.close()?;
        let create = |name, columns| Table::create(folder, name, columns);
        Ok(Self {
            leads: create(
                "leads",
                vec![
                    ("lead", Number(vec![])),
                    ("created", Day(vec![])),
                    ("source", Text(vec![])),
                    ("rep", Key(vec![])),
                    ("opportunity", Day(vec![])),
                ],
            )?,
            opportunities: create(
                "opportunities",
                vec![
                    ("opportunity", Number(vec![])),
                    ("account", Key(vec![])),
                    ("rep", Key(vec![])),
                    ("product", Name(vec![])),
                    ("source", Text(vec![])),
                    ("opened", Day(vec![])),
                    ("amount", Number(vec![])),
                    ("closed", Day(vec![])),
                    ("closed_at", Time(vec![])),
                    ("won", Flag(vec![])),
                ],
            )?,
            stage_changes: create(
                "stage_changes",
                vec![
                    ("opportunity", Number(vec![])),
                    ("at", Time(vec![])),
                    ("stage", Text(vec![])),
                ],
            )?,
            activities: create(
                "activities",
                vec![
                    ("date", Day(vec![])),
                    ("at", Time(vec![])),
                    ("rep", Key(vec![])),
                    ("kind", Text(vec![])),
                    ("opportunity", Number(vec![])),
                ],
            )?,
            orders: create(
                "orders",
                vec![
                    ("account", Key(vec![])),
                    ("rep", Key(vec![])),
                    ("product", Name(vec![])),
                    ("date", Day(vec![])),
                    ("amount", Number(vec![])),
                ],
            )?,
            inquiries: create(
                "inquiries",
                vec![
                    ("rep", Key(vec![])),
                    ("received", Day(vec![])),
                    ("answered", Day(vec![])),
                    ("response_ms", Number(vec![])),
                ],
            )?,
            surveys: create(
                "surveys",
                vec![("date", Day(vec![])), ("rep", Key(vec![])), ("score", Key(vec![]))],
            )?,
            subscriptions: create(
                "subscriptions",
                vec![
                    ("account", Key(vec![])),
                    ("at", Time(vec![])),
                    ("date", Day(vec![])),
                    ("kind", Text(vec![])),
                    ("monthly", Number(vec![])),
                ],
            )?,
            next_opportunity: 0,
            next_lead: 0,
        })
    }

    /// Adds what happened with an account.
    ///
    /// # Errors
    /// When a file can't be written.
    pub(crate) fn add(&mut self, family: &Family) -> anyhow::Result<()> {
        let account = family.account as i32;
        let first = self.next_opportunity;
        self.next_opportunity += family.deals.len() as i64;
        for lead in &family.leads {
            let converted = lead.deal.map(|deal| day_of(family.deals[deal].opened));
            row!(self.leads; Number Some(self.next_lead), Day Some(day_of(lead.created)), Text SOURCES[lead.source],
                Key lead.rep as i32, Day converted)?;
            self.next_lead += 1;
        }
        for (deal, opportunity) in family.deals.iter().zip(first..) {
            let closed = deal.closing.as_ref();
            row!(self.opportunities; Number Some(opportunity), Key account, Key deal.rep as i32,
                Name Organisation::product(deal.product), Text SOURCES[deal.source], Day Some(day_of(deal.opened)),
                Number Some(deal.amount), Day closed.map(|closing| day_of(closing.at)),
                Time closed.map(|closing| micros(closing.at)), Flag closed.map(|closing| closing.won))?;
            for (at, stage) in &deal.stages {
                row!(self.stage_changes; Number Some(opportunity), Time Some(micros(*at)), Text STAGES[*stage])?;
            }
        }
        for activity in &family.activities {
            let opportunity = activity.deal.map(|deal| first + deal as i64);
            row!(self.activities; Day Some(day_of(activity.at)), Time Some(micros(activity.at)), Key activity.rep as i32,
                Text KINDS[activity.kind], Number opportunity)?;
        }
        for order in &family.orders {
            row!(self.orders; Key account, Key order.rep as i32, Name Organisation::product(order.product),
                Day Some(day_of(order.at)), Number Some(order.amount))?;
        }
        for inquiry in &family.inquiries {
            let response = inquiry.answered.map(|at| at - inquiry.at);
            row!(self.inquiries; Key inquiry.rep as i32, Day Some(day_of(inquiry.at)), Day inquiry.answered.map(day_of),
                Number response)?;
        }
        for survey in &family.surveys {
            row!(self.surveys; Day Some(day_of(survey.at)), Key survey.rep as i32, Key survey.score.into())?;
        }
        for change in &family.subscription {
            row!(self.subscriptions; Key account, Time Some(micros(change.at)), Day Some(day_of(change.at)),
                Text word(change.movement), Number Some(change.monthly))?;
        }
        Ok(())
    }

    /// Ends the files.
    ///
    /// # Errors
    /// When a file can't be written.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        let tables = [
            self.leads,
            self.opportunities,
            self.stage_changes,
            self.activities,
            self.orders,
            self.inquiries,
            self.surveys,
            self.subscriptions,
        ];
        tables.into_iter().try_for_each(Table::close)
    }
}

fn micros(moment: Moment) -> i64 {
    moment * 1_000
}

fn word(movement: Movement) -> &'static str {
    match movement {
        Movement::Started => "started",
        Movement::Changed => "changed",
        Movement::Cancelled => "cancelled",
        Movement::Reactivated => "reactivated",
    }
}
