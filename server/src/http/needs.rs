//! What each route says that it needs of whoever asks, in the description of the API (`x-needs`): a route that says
//! nothing keeps the server from starting, and the tests ask every route as every kind of person whether it is true.

use std::str::FromStr;

use protocol::access::Permission;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

/// The name of the extension of an operation.
const EXTENSION: &str = "x-needs";

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody, signed in or not (`nobody`).
    Nobody,
    /// Somebody who is signed in (`login`); what they get depends on who they are.
    Login,
    /// The permission for the room of the path (`room:…`). Without `room.view` there, the room does not exist.
    InRoom(Permission),
    /// The permission for something (`somewhere:…`); the body decides where.
    Somewhere(Permission),
    /// The permission for the whole organisation (`everywhere:…`).
    Everywhere(Permission),
    /// A Global Administrator or Rooms Manager of the whole organisation (`administrator`).
    Administrator,
}

/// What a route says that nobody understands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a route needs {0:?}")]
pub struct UnknownNeed(String);

impl FromStr for Needs {
    type Err = UnknownNeed;

    fn from_str(text: &str) -> Result<Self, UnknownNeed> {
        let unknown = || UnknownNeed(text.to_owned());
        match text {
            "nobody" => return Ok(Self::Nobody),
            "login" => return Ok(Self::Login),
            "administrator" => return Ok(Self::Administrator),
            _ => {}
        }
        let (reach, permission) = text.split_once(':').ok_or_else(unknown)?;
        let permission = permission.parse().map_err(|_| unknown())?;
        match reach {
            "room" => Ok(Self::InRoom(permission)),
            "somewhere" => Ok(Self::Somewhere(permission)),
            "everywhere" => Ok(Self::Everywhere(permission)),
            _ => Err(unknown()),
        }
    }
}

/// Every operation of the API: its method in capitals, its path, and what it needs.
///
/// # Panics
/// When a route does not say what it needs: a mistake in this program that is found before anything is served.
pub fn of_routes(description: &OpenApi) -> Vec<(&'static str, String, Needs)> {
    let mut routes = Vec::new();
    for (path, item) in &description.paths.paths {
        let operations = [
            ("GET", &item.get),
            ("PUT", &item.put),
            ("POST", &item.post),
            ("DELETE", &item.delete),
            ("PATCH", &item.patch),
            ("HEAD", &item.head),
            ("OPTIONS", &item.options),
            ("TRACE", &item.trace),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let needs = of(operation).unwrap_or_else(|| panic!("{method} {path} does not say what it needs"));
            routes.push((method, path.clone(), needs));
        }
    }
    routes
}

fn of(operation: &Operation) -> Option<Needs> {
    operation.extensions.as_ref()?.get(EXTENSION)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::{HttpMethod, OperationBuilder};
    use utoipa::openapi::{OpenApiBuilder, PathItem, PathsBuilder};

    use super::*;
    use crate::http::router::description;

    #[test]
    fn needs_have_one_text_form() {
        for (text, needs) in [
            ("nobody", Ok(Needs::Nobody)),
            ("login", Ok(Needs::Login)),
            ("administrator", Ok(Needs::Administrator)),
            ("room:room.view", Ok(Needs::InRoom(Permission::RoomView))),
            ("somewhere:room.modify", Ok(Needs::Somewhere(Permission::RoomModify))),
            ("everywhere:role.view", Ok(Needs::Everywhere(Permission::RoleView))),
            ("", Err(UnknownNeed(String::new()))),
            ("room:", Err(UnknownNeed("room:".to_owned()))),
            ("room:rooms.view", Err(UnknownNeed("room:rooms.view".to_owned()))),
            ("planet:room.view", Err(UnknownNeed("planet:room.view".to_owned()))),
        ] {
            assert_eq!(text.parse(), needs);
        }
    }

    #[test]
    fn every_route_says_what_it_needs() {
        assert!(10 < of_routes(&description()).len());
    }

    #[test]
    #[should_panic(expected = "GET /rooms does not say what it needs")]
    fn a_route_that_says_nothing_is_found() {
        let operation = OperationBuilder::new().build();
        let paths = PathsBuilder::new().path("/rooms", PathItem::new(HttpMethod::Get, operation));
        of_routes(&OpenApiBuilder::new().paths(paths).build());
    }
}
