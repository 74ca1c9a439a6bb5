//! Reading the files, plain or packed, as they are.

use std::{collections::HashMap, fs::File, io::Read, path::Path};

use csv::StringRecord;

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Sheet {
    columns: HashMap<String, usize>,
    records: Vec<StringRecord>,
}

/// A row of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    sheet: &'a Sheet,
    record: &'a StringRecord,
}

impl Sheet {
    /// Reads a whole file.
    ///
    /// # Panics
    /// When it is not there or no table.
    pub(super) fn read(path: &Path, separator: u8) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        let text: Box<dyn Read> = if packed {
            Box::new(flate2::read::MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text);
        let header = reader.headers().expect("a file begins with the names of its columns");
        let columns = header
            .iter()
            .enumerate()
            .map(|(at, name)| (name.to_owned(), at))
            .collect();
        let records = reader.into_records().collect::<Result<_, _>>();
        Self {
            columns,
            records: records.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    }

    /// Its rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { sheet: self, record })
    }

    /// Its rows by the value of a column; of several with the same one, all.
    pub(super) fn by(&self, column: &str) -> HashMap<&str, Vec<Row<'_>>> {
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for row in self.rows() {
            found.entry(row.get(column)).or_default().push(row);
        }
        found
    }
}

impl<'a> Row<'a> {
    /// The text in a column.
    ///
    /// # Panics
    /// When there is no such column.
    pub(super) fn get(self, column: &str) -> &'a str {
        let at = self
            .sheet
            .columns
            .get(column)
            .unwrap_or_else(|| panic!("the file has no column {column}"));
        self.record.get(*at).unwrap_or_default()
    }

    /// The text in a column, kept.
    pub(super) fn text(self, column: &str) -> String {
        self.get(column).to_owned()
    }

    /// What the text in a column says.
    ///
    /// # Panics
    /// When it says nothing of the kind.
    pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(self, column: &str) -> T {
        let text = self.get(column);
        text.parse()
            .unwrap_or_else(|error| panic!("{column}: {text:?}: {error:?}"))
    }
}
