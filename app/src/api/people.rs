//! Users, groups, who reaches which room, invitations, and the person's own password.

use gloo_net::http::Request;
use protocol::api::{
    AcceptInvitation, ChangePassword, CheckInvitation, CreateGroup, CreateUser, CreatedUser, EditGroup, EditUser,
    GroupDetail, GroupList, ImportReport, ImportUsers, Invitation, InvitedPerson, Me, PREFIX, RoomReach, UserDetail,
    UserList, UserReach,
};
use protocol::ids::{GroupId, RoomId, UserId};

use super::{ApiError, ListQuery, ask, delete, get, list, post, put, send, unsafe_request};

pub async fn users(query: &ListQuery) -> Result<UserList, ApiError> {
    list("/users", query).await
}

pub async fn create_user(request: &CreateUser) -> Result<CreatedUser, ApiError> {
    post("/users", request).await
}

pub async fn user(user: &UserId) -> Result<UserDetail, ApiError> {
    get(&format!("/users/{user}")).await
}

pub async fn edit_user(user: &UserId, request: &EditUser) -> Result<UserDetail, ApiError> {
    put(&format!("/users/{user}"), request).await
}

pub async fn new_invitation(user: &UserId) -> Result<Invitation, ApiError> {
    ask(unsafe_request(Request::post, &format!("/users/{user}/invitation")), None).await?.parsed()
}

pub async fn user_reach(user: &UserId, query: &ListQuery) -> Result<UserReach, ApiError> {
    list(&format!("/users/{user}/reach"), query).await
}

pub async fn room_reach(room: &RoomId, query: &ListQuery) -> Result<RoomReach, ApiError> {
    list(&format!("/rooms/{room}/reach"), query).await
}

/// The address of the table of everybody.
pub fn export_url() -> String {
    format!("{PREFIX}/users/export.csv")
}

pub async fn import_users(request: &ImportUsers) -> Result<ImportReport, ApiError> {
    post("/users/import", request).await
}

pub async fn groups(query: &ListQuery) -> Result<GroupList, ApiError> {
    list("/groups", query).await
}

pub async fn create_group(request: &CreateGroup) -> Result<GroupDetail, ApiError> {
    post("/groups", request).await
}

pub async fn group(group: &GroupId) -> Result<GroupDetail, ApiError> {
    get(&format!("/groups/{group}")).await
}

pub async fn edit_group(group: &GroupId, request: &EditGroup) -> Result<GroupDetail, ApiError> {
    put(&format!("/groups/{group}"), request).await
}

pub async fn delete_group(group: &GroupId) -> Result<(), ApiError> {
    delete(&format!("/groups/{group}")).await
}

pub async fn members(group: &GroupId, query: &ListQuery) -> Result<UserList, ApiError> {
    list(&format!("/groups/{group}/members"), query).await
}

pub async fn add_member(group: &GroupId, user: &UserId) -> Result<(), ApiError> {
    ask(unsafe_request(Request::put, &format!("/groups/{group}/members/{user}")), None).await.map(drop)
}

pub async fn remove_member(group: &GroupId, user: &UserId) -> Result<(), ApiError> {
    delete(&format!("/groups/{group}/members/{user}")).await
}

pub async fn check_invitation(request: &CheckInvitation) -> Result<InvitedPerson, ApiError> {
    post("/invitation/check", request).await
}

/// Signs in as the invited person.
pub async fn accept_invitation(request: &AcceptInvitation) -> Result<Me, ApiError> {
    post("/invitation", request).await
}

pub async fn change_password(request: &ChangePassword) -> Result<(), ApiError> {
    send(Request::put, "/me/password", request).await.map(drop)
}

/// Ends every login of the person, this one included.
pub async fn log_out_everywhere() -> Result<(), ApiError> {
    delete("/me/logins").await
}
