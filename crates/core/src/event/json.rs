//! An event as it is stored: JSON without what the event leaves open.
//!
//! Members that would be `null`, and lists that are empty, are left out. That is less to write, and an event keeps
//! its bytes, by which a repeat is soonest told from a conflict, when a later version of ours knows of more members.

use std::fmt::{self, Write as _};

use serde::{
    Serialize,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
        SerializeTupleVariant, Serializer,
    },
};

use super::Event;

/// More bytes than most events have.
const ROOM: usize = 384;

impl Event {
    /// The event as it is stored. Reading it is any JSON reader's work.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut writer = Writer {
            text: String::with_capacity(ROOM),
            is_stated: false,
        };
        self.serialize(&mut writer)
            .expect("an event has numbers, texts, lists and members, and all of them can be written");
        writer.text.into_bytes()
    }
}

/// What is written so far.
struct Writer {
    text: String,
    /// Whether what was written last is stated although it may be nothing: a list that is given and empty.
    is_stated: bool,
}

impl Writer {
    fn open<'a>(&'a mut self, name: Option<&str>, open: char, close: &'static str) -> Result<Parts<'a>, fmt::Error> {
        if let Some(name) = name {
            self.text.push('{');
            self.serialize_str(name)?;
            self.text.push(':');
        }
        self.text.push(open);
        Ok(Parts {
            writer: self,
            is_first: true,
            close,
        })
    }
}

/// The elements of a list, or the members of an object.
struct Parts<'a> {
    writer: &'a mut Writer,
    is_first: bool,
    close: &'static str,
}

impl Parts<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.writer.text.push(',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> fmt::Result {
        let (before, was_first) = (self.writer.text.len(), self.is_first);
        self.separate();
        self.writer.serialize_str(name)?;
        self.writer.text.push(':');
        let start = self.writer.text.len();
        self.writer.is_stated = false;
        value.serialize(&mut *self.writer)?;
        let is_open = match &self.writer.text[start..] {
            "null" => true,
            "[]" => !self.writer.is_stated,
            _ => false,
        };
        if is_open {
            self.writer.text.truncate(before);
            self.is_first = was_first;
        }
        Ok(())
    }

    fn close(self) -> fmt::Result {
        self.writer.text.push_str(self.close);
        Ok(())
    }
}

macro_rules! numbers {
    ($($name:ident: $number:ty),*) => {$(
        fn $name(self, number: $number) -> fmt::Result {
            write!(self.text, "{number}")
        }
    )*};
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    numbers! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    fn serialize_f32(self, _: f32) -> fmt::Result {
        Err(fmt::Error)
    }

    fn serialize_f64(self, _: f64) -> fmt::Result {
        Err(fmt::Error)
    }

    fn serialize_char(self, character: char) -> fmt::Result {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> fmt::Result {
        let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        if is_plain {
            self.text.reserve(text.len() + 2);
            self.text.push('"');
            self.text.push_str(text);
            self.text.push('"');
        } else {
            self.text
                .push_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?);
        }
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> fmt::Result {
        Err(fmt::Error)
    }

    fn serialize_none(self) -> fmt::Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        value.serialize(&mut *self)?;
        self.is_stated = true;
        Ok(())
    }

    fn serialize_unit(self) -> fmt::Result {
        self.text.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> fmt::Result {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> fmt::Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> fmt::Result {
        self.text.push('{');
        self.serialize_str(variant)?;
        self.text.push(':');
        value.serialize(&mut *self)?;
        self.text.push('}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, fmt::Error> {
        self.open(None, '[', "]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, fmt::Error> {
        self.open(None, '[', "]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, fmt::Error> {
        self.open(None, '[', "]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, fmt::Error> {
        self.open(Some(variant), '[', "]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, fmt::Error> {
        self.open(None, '{', "}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, fmt::Error> {
        self.open(None, '{', "}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, fmt::Error> {
        self.open(Some(variant), '{', "}}")
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> fmt::Result {
        let start = self.text.len();
        write!(self.text, "\"{value}\"")?;
        let is_plain = self.text[start + 1..self.text.len() - 1]
            .bytes()
            .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        if !is_plain {
            self.text.truncate(start);
            self.serialize_str(&value.to_string())?;
        }
        Ok(())
    }
}

macro_rules! lists {
    ($($list:ident by $add:ident),*) => {$(
        impl $list for Parts<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
                self.element(value)
            }

            fn end(self) -> fmt::Result {
                self.close()
            }
        }
    )*};
}

lists! {
    SerializeSeq by serialize_element, SerializeTuple by serialize_element, SerializeTupleStruct by serialize_field,
    SerializeTupleVariant by serialize_field
}

macro_rules! objects {
    ($($object:ident),*) => {$(
        impl $object for Parts<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> fmt::Result {
                self.member(name, value)
            }

            fn end(self) -> fmt::Result {
                self.close()
            }
        }
    )*};
}

objects! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> fmt::Result {
        self.element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.writer.text.push(':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> fmt::Result {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(payload: Value) -> Event {
        let mut event = json!({"id": "e\"1", "source": "crm ⊎", "occurred_at": "2024-05-06T07:08:09.000001Z"});
        event["payload"] = payload;
        serde_json::from_value(event).expect("an event")
    }

    fn written(event: &Event) -> String {
        String::from_utf8(event.to_json()).expect("text")
    }

    #[test]
    fn what_is_open_is_left_out() {
        assert_eq!(
            written(&event(
                json!({"lead_created": {"lead": "L", "owner": "ann", "attributes": []}})
            )),
            r#"{"id":"e\"1","source":"crm ⊎","occurred_at":"2024-05-06T07:08:09.000001Z","payload":{"lead_created":{"lead":"L","owner":"ann"}}}"#
        );
    }

    #[test]
    fn a_list_that_is_stated_to_be_empty_stays() {
        let updated = |splits: Value| event(json!({"opportunity_updated": {"opportunity": "D", "splits": splits}}));
        assert!(written(&updated(json!([]))).contains(r#""splits":[]"#));
        assert!(!written(&updated(json!(null))).contains("splits"));
    }

    #[test]
    fn it_is_what_any_writer_writes_but_for_what_is_open() {
        let payloads = [
            json!({"opportunity_updated": {"opportunity": "D", "amount": {"currency": "EUR", "micros": -5}, "splits": []}}),
            json!({"opportunity_opened": {
                "opportunity": "D", "close_date": "2024-02-29", "kind": "cross_sell", "splits": [{"rep": "a", "share_ppm": 1_000_000}],
                "attributes": [{"name": "age", "value": "\u{1f642}"}],
            }}),
            json!({"event_amended": {"event": "e", "occurred_at": null, "payload": {"lead_qualified": {"lead": "L"}}}}),
        ];
        for payload in payloads {
            let event = event(payload);
            let read: Event = serde_json::from_slice(&event.to_json()).expect("an event");
            assert_eq!(read, event);
            let ours: Value = serde_json::from_slice(&event.to_json()).expect("JSON");
            let mut theirs = serde_json::to_value(&event).expect("JSON");
            drop_open(&mut theirs);
            assert_eq!(ours, theirs);
        }
    }

    fn drop_open(value: &mut Value) {
        if let Value::Object(members) = value {
            let stated = |name: &str, value: &Value| name == "splits" && value.is_array();
            members.retain(|name, value| !value.is_null() && (stated(name, value) || *value != json!([])));
            members.values_mut().for_each(drop_open);
        }
    }
}
