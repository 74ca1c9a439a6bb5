//! Calls with bytes that no generated client would send.

use prost_reflect::bytes::{Buf as _, BufMut as _};
use tonic::{
    Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

/// Sends bytes as the one message of a unary call and returns the bytes of its answer.
///
/// # Errors
/// The status of the call.
///
/// # Panics
/// When the server can't be reached.
pub async fn call(endpoint: &str, path: &'static str, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    let channel = Channel::from_shared(endpoint.to_owned())
        .expect("a URL")
        .connect()
        .await
        .expect("the server listens");
    let mut client = tonic::client::Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("x-scoreline-tenant", "default".parse().expect("a header"));
    let answer = client.unary(request, PathAndQuery::from_static(path), Bytes).await?;
    Ok(answer.into_inner())
}

/// A message as it is on the wire: a field with a length.
pub fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(number, content.len());
    bytes.extend_from_slice(content);
    bytes
}

/// A field with so many fields around its content, each the only one of the next: the numbers are repeated from the
/// outermost inwards.
pub fn nested(numbers: &[u32], depth: usize, innermost: &[u8]) -> Vec<u8> {
    let mut length = innermost.len();
    let mut headers = Vec::with_capacity(depth);
    for level in (0..depth).rev() {
        let header = header(numbers[level % numbers.len()], length);
        length += header.len();
        headers.push(header);
    }
    let mut bytes: Vec<u8> = headers.into_iter().rev().flatten().collect();
    bytes.extend_from_slice(innermost);
    bytes
}

fn header(number: u32, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(u64::from(number << 3 | 2), &mut bytes);
    prost::encoding::encode_varint(length as u64, &mut bytes);
    bytes
}

/// Passes bytes through as they are.
#[derive(Debug, Clone, Copy)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length).to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_each_other() {
        assert_eq!(field(1, b"ab"), [10, 2, b'a', b'b']);
        assert_eq!(nested(&[1, 2], 3, b"x"), field(1, &field(2, &field(1, b"x"))));
    }
}
