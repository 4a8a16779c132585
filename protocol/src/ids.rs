//! Identifiers. Each is a type of its own, so that one cannot be taken for another.

use crate::wire::{Cursor, Decode, DecodeError, Encode, Text, record, tagged};

/// Longest slug in bytes.
pub const SLUG_MAX_BYTES: usize = 64;

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes a slug: 1 to 64 of `a-z`, `0-9` and `-`, with a letter or digit at both ends.
            ///
            /// # Errors
            /// When `text` is anything else.
            pub fn new(text: impl Into<String>) -> Result<Self, DecodeError> {
                let text = text.into();
                if is_slug(&text) { Ok(Self(text)) } else { Err(DecodeError::invalid(stringify!($name), "not a slug")) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = DecodeError;

            fn from_str(text: &str) -> Result<Self, DecodeError> {
                Self::new(text)
            }
        }

        impl Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                Text::<SLUG_MAX_BYTES>::fitted(&self.0).encode(out);
            }
        }

        impl Decode for $name {
            fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
                Self::new(Text::<SLUG_MAX_BYTES>::decode(input)?.as_str())
            }
        }

        text_in_api!($name);
    };
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = DecodeError;

            /// Takes 32 lower-case hexadecimal digits.
            fn from_str(text: &str) -> Result<Self, DecodeError> {
                let mut id = [0; 16];
                let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut id) {
                    Ok(()) if lower => Ok(Self(id)),
                    _ => Err(DecodeError::invalid(stringify!($name), "not 32 hexadecimal digits")),
                }
            }
        }

        impl Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
        }

        impl Decode for $name {
            fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
                input.array(stringify!($name)).map(Self)
            }
        }

        text_in_api!($name);
    };
}

/// Written as text in JSON.
macro_rules! text_in_api {
    ($name:ident) => {
        #[cfg(feature = "api")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "api")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <String as utoipa::PartialSchema>::schema()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use text_in_api;

slug!(
    /// A customer of the installation: nothing of one tenant is visible from another.
    TenantId
);
slug!(
    /// A room, unique within its tenant.
    RoomId
);
slug!(
    /// An identity provider that people sign in with, unique within the installation.
    ProviderId
);
random_id!(
    /// An enrolled console: made new at each enrolment.
    ConsoleId
);
random_id!(
    /// A remote-access session: kept over reconnects and restarts of the device.
    SessionId
);
random_id!(
    /// A user of the portal.
    UserId
);
random_id!(
    /// A group of users.
    GroupId
);
random_id!(
    /// A role: permissions under a name.
    RoleId
);
random_id!(
    /// An assignment: ties a role to members and a scope.
    AssignmentId
);
random_id!(
    /// A passkey of a user.
    PasskeyId
);

/// One screen of a console. Its place in the room is its identity: a replaced panel keeps the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DisplayId {
    /// The touch panel on the table.
    Console,
    #[cfg_attr(feature = "api", serde(rename = "front_of_room_1"))]
    FrontOfRoom1,
    #[cfg_attr(feature = "api", serde(rename = "front_of_room_2"))]
    FrontOfRoom2,
}

impl DisplayId {
    pub const ALL: [Self; 3] = [Self::Console, Self::FrontOfRoom1, Self::FrontOfRoom2];

    /// What people read, in English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Console => "Console",
            Self::FrontOfRoom1 => "Front of room 1",
            Self::FrontOfRoom2 => "Front of room 2",
        }
    }
}

tagged!(DisplayId { 0 => Console, 1 => FrontOfRoom1, 2 => FrontOfRoom2 });

/// A display that is present, as the agent announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisplayInfo {
    pub id: DisplayId,
    pub size: crate::geometry::PixelSize,
}

record!(DisplayInfo { id, size });

fn is_slug(text: &str) -> bool {
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    let bytes = text.as_bytes();
    (1..=SLUG_MAX_BYTES).contains(&bytes.len())
        && bytes.iter().all(inner)
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_words() {
        for good in ["a", "room-1", "0"] {
            assert!(RoomId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a b", "a/b", "ä", &"a".repeat(65)] {
            assert!(RoomId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn random_ids_have_one_text_form() {
        let id: SessionId = "000102030405060708090a0b0c0d0e0f".parse().expect("32 digits");
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0e0f");
        assert!("000102030405060708090A0B0C0D0E0F".parse::<SessionId>().is_err());
    }
}
