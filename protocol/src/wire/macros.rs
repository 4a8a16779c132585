//! The two shapes of a message, so that no encoder can disagree with its decoder.

/// Byte form of a struct: its fields in the order given.
#[macro_export]
macro_rules! record {
    ($name:ident $(<$(const $n:ident: usize),+>)? { $($field:ident),* $(,)? }) => {
        impl $crate::wire::Encode for $name {
            fn encode(&self, _out: &mut Vec<u8>) {
                $($crate::wire::Encode::encode(&self.$field, _out);)*
            }
        }

        impl $crate::wire::Decode for $name {
            fn decode(_input: &mut $crate::wire::Cursor<'_>) -> Result<Self, $crate::wire::DecodeError> {
                Ok(Self {
                    $($field: $crate::wire::Decode::decode(_input)
                        .map_err(|error| error.within(concat!(stringify!($name), ".", stringify!($field))))?,)*
                })
            }
        }
    };
}

/// Byte form of an enum: a tag of one byte, then the fields of the variant in the order given.
#[macro_export]
macro_rules! tagged {
    ($name:ident { $($tag:literal => $variant:ident $({ $($field:ident),* $(,)? })?),* $(,)? }) => {
        impl $crate::wire::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $($name::$variant $({ $($field),* })? => {
                        out.push($tag);
                        $($($crate::wire::Encode::encode($field, out);)*)?
                    })*
                }
            }
        }

        impl $crate::wire::Decode for $name {
            fn decode(input: &mut $crate::wire::Cursor<'_>) -> Result<Self, $crate::wire::DecodeError> {
                match <u8 as $crate::wire::Decode>::decode(input).map_err(|error| error.within(stringify!($name)))? {
                    $($tag => Ok($name::$variant $({
                        $($field: $crate::wire::Decode::decode(input)
                            .map_err(|error| error.within(concat!(stringify!($variant), ".", stringify!($field))))?,)*
                    })?),)*
                    tag => Err($crate::wire::DecodeError {
                        field: stringify!($name),
                        kind: $crate::wire::DecodeErrorKind::UnknownTag { tag },
                    }),
                }
            }
        }
    };
}

pub(crate) use {record, tagged};
