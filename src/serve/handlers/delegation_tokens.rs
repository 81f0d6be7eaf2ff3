//! The requests about delegation tokens (KIP-48): none are given out, as by a broker that has no secret to sign them with.

use crate::serve::call::Call;
use crate::types::ErrorCode;
use kafka_protocol::messages::create_delegation_token_request::CreateDelegationTokenRequest;
use kafka_protocol::messages::create_delegation_token_response::CreateDelegationTokenResponse;
use kafka_protocol::messages::describe_delegation_token_request::DescribeDelegationTokenRequest;
use kafka_protocol::messages::describe_delegation_token_response::DescribeDelegationTokenResponse;
use kafka_protocol::messages::expire_delegation_token_request::ExpireDelegationTokenRequest;
use kafka_protocol::messages::expire_delegation_token_response::ExpireDelegationTokenResponse;
use kafka_protocol::messages::renew_delegation_token_request::RenewDelegationTokenRequest;
use kafka_protocol::messages::renew_delegation_token_response::RenewDelegationTokenResponse;

const DISABLED: i16 = ErrorCode::DelegationTokenAuthDisabled.code();

pub(in crate::serve) fn create(_: &Call, _: CreateDelegationTokenRequest) -> CreateDelegationTokenResponse {
    CreateDelegationTokenResponse::default().with_error_code(DISABLED)
}

pub(in crate::serve) fn renew(_: &Call, _: RenewDelegationTokenRequest) -> RenewDelegationTokenResponse {
    RenewDelegationTokenResponse::default().with_error_code(DISABLED)
}

pub(in crate::serve) fn expire(_: &Call, _: ExpireDelegationTokenRequest) -> ExpireDelegationTokenResponse {
    ExpireDelegationTokenResponse::default().with_error_code(DISABLED)
}

pub(in crate::serve) fn describe(
    _: &Call,
    _: DescribeDelegationTokenRequest,
) -> DescribeDelegationTokenResponse {
    DescribeDelegationTokenResponse::default().with_error_code(DISABLED)
}
