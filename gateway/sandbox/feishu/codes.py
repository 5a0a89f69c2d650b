"""The codes that Feishu refuses with, their words and HTTP statuses; some of them only a fault brings.

Sources: Feishu's pages as of 2026-05 and replies that people recorded. Older pages print HTTP 200 for
nearly every code, newer ones 4xx and 5xx, and both are met live; hence two columns.
"""

from msgspec import Struct


class Code(Struct, frozen=True):
    """One error code."""

    msg: str
    strict: int
    """HTTP status on the newer pages."""
    legacy: int = 200
    """HTTP status on the older pages, or as recorded."""
    data: bool = False
    """The body carries ``"data": {}``."""
    error: bool = True
    """The body carries an ``error`` object with the log id."""


CODES = {
    # Tokens and the API gateway. Statuses of 10003 and 999916xx as recorded 2026-09.
    10003: Code("invalid param", 400, data=True, error=False),
    10014: Code("app secret invalid", 400, error=False),
    10012: Code("get app access token fail", 400, error=False),
    10013: Code("get tenant access token fail", 400, error=False),
    10015: Code("wrong app secret", 400, error=False),
    2200: Code("internal error", 500, error=False),
    9499: Code("Invalid parameter type in json", 400, 400),
    99991201: Code("resource not find", 404, 404, error=False),
    99991301: Code("request method doesn't match", 404, 404, error=False),
    99991400: Code("request trigger frequency limit", 429, 400, error=False),
    99991401: Code("ip is denied by app setting", 400, 400),
    99991403: Code("This month's API call quota has been exceeded", 400, 400, error=False),
    99991543: Code("login_user invalid", 400, 400),
    99991661: Code(
        "Missing access token for authorization. Please make a request with token attached.", 400, 400
    ),
    99991663: Code(
        "Invalid access token for authorization. Please make a request with token attached.", 400, 400
    ),
    99991662: Code("app not in use", 400, 400),
    99991664: Code("invalid app token", 400, 400),
    99991665: Code("invalid tenant code", 400, 400),
    99991668: Code(
        "Invalid access token for authorization. Please make a request with token attached.", 400, 400
    ),
    99991671: Code("Invalid token: must start with t-/u-", 400, 400),
    99991672: Code("Access denied. One of the following scopes is required", 400, 400),
    99991673: Code("unauthorized app", 400, 400),
    99991676: Code("token no permission", 400, 400),
    99991677: Code("token expire", 400, 400),
    99991679: Code(
        "Unauthorized. You do not have permission to perform the requested operation on the resource. "
        "Please request user re-authorization and try again.",
        400,
        400,
    ),
    # Personal base tokens: the code and the status are recorded, the words are ours.
    1011: Code("personal base token is invalid", 200, error=False),
    99992402: Code("field validation failed", 400, 400),
    # The document.
    91402: Code("NOTEXIST", 400, 400, data=True, error=False),
    91403: Code("Forbidden", 403, 200, data=True, error=False),
    131005: Code("not found", 400, 400),
    131006: Code("permission denied", 400, 400),
    131001: Code("rpc fail", 400, 400),
    131002: Code("param err", 400, 400),
    131004: Code("invalid user", 400, 400),
    131007: Code("internal err", 400, 400),
    1063001: Code("Invalid parameter", 400, 400),
    1063002: Code("Permission denied", 403, 403),
    1063003: Code("Invalid operation", 400, 400),
    1063004: Code("User has no share permission", 403, 403),
    1063005: Code("Resource is deleted", 404, 404),
    1066001: Code("Internal Error", 500, 500),
    1066002: Code("Concurrency error, please retry", 500, 500),
    # The request.
    1254000: Code("WrongRequestJson", 400),
    1254001: Code("WrongRequestBody", 400),
    1254002: Code("Fail", 400),
    1254003: Code("WrongBaseToken", 400),
    1254004: Code("WrongTableId", 400),
    1254005: Code("WrongViewId", 400),
    1254006: Code("WrongRecordId", 400),
    1254007: Code("EmptyValue", 400),
    1254008: Code("EmptyView", 400),
    1254009: Code("WrongFieldId", 400),
    1254010: Code("ReqConvError", 400),
    1254011: Code("Page size must greater than 0.", 400, 400),
    1254012: Code("NotSupportFieldOrView", 400),
    1254013: Code("TableNameDuplicated", 400),
    1254014: Code("FieldNameDuplicated", 400),
    1254015: Code("Field types do not match.", 400),
    1254016: Code("InvalidSort", 400),
    1254018: Code("InvalidFilter", 400),
    1254019: Code("InvalidViewType", 400),
    1254020: Code("ViewNameDuplicated", 400),
    1254021: Code("EmptyViewName", 400),
    1254022: Code("InvalidViewName", 400),
    1254023: Code("LastViewDeleteForbidden", 400),
    1254024: Code("InvalidFieldNames", 400),
    1254026: Code("EmptyOptionName", 400),
    1254027: Code("UploadAttachNotAllowed", 403, 403),
    1254028: Code("EmptyFieldName", 400, 400),
    1254029: Code("InvalidFieldName", 400, 400),
    1254030: Code("InvalidPageToken", 400),
    1254031: Code("InvalidAppName", 400),
    1254034: Code("The last table cannot be deleted.", 403, 403),
    1254036: Code("Base is copying, please try again later.", 400, 400),
    1254037: Code("Invalid client token, make sure that it complies with the specification.", 400, 400),
    1254038: Code("Invalid name, make sure that it complies with the specification.", 400, 400),
    # What is not there.
    1254040: Code("BaseTokenNotFound", 404),
    1254041: Code("TableIdNotFound", 404),
    1254042: Code("ViewIdNotFound", 404),
    1254043: Code("RecordIdNotFound", 404),
    1254044: Code("FieldIdNotFound", 404),
    1254045: Code("FieldNameNotFound", 404),
    1254046: Code("The Primary Field cannot be deleted.", 400),
    # Cells in the wrong shape. 1254068 and 1254069 are printed with 200 and 500 only; 400 by analogy.
    1254060: Code("TextFieldConvFail", 400),
    1254061: Code("NumberFieldConvFail", 400),
    1254062: Code("SingleSelectFieldConvFail", 400),
    1254063: Code("MultiSelectFieldConvFail", 400),
    1254064: Code("DatetimeFieldConvFail", 400),
    1254065: Code("CheckboxFieldConvFail", 400),
    1254066: Code("UserFieldConvFail", 400),
    1254067: Code("LinkFieldConvFail", 400),
    1254068: Code("URLFieldConvFail", 400),
    1254069: Code("AttachFieldConvFail", 400),
    1254072: Code("Failed to convert phone field, please make sure it is correct.", 400),
    1254070: Code("ActionValidateFailed", 400),
    1254074: Code(
        "The parameters of Duplex Link field are invalid and need to be filled with an array of string.",
        400,
        400,
    ),
    # Properties of fields.
    1254080: Code("TextFieldPropertyError", 400, 400),
    1254081: Code("NumberFieldPropertyError", 400, 400),
    1254082: Code("SingleSelectFieldPropertyError", 400, 400),
    1254083: Code("MultiSelectFieldPropertyError", 400, 400),
    1254084: Code("DateFieldPropertyError", 400, 400),
    1254085: Code("CheckboxFieldPropertyError", 400, 400),
    1254086: Code("UserFieldPropertyError", 400, 400),
    1254087: Code("URLFieldPropertyError", 400, 400),
    1254088: Code("AttachFieldPropertyError", 400, 400),
    1254089: Code("LinkFieldPropertyError", 400, 400),
    1254090: Code("LookUpFieldPropertyError", 400, 400),
    1254091: Code("FormulaFieldPropertyError", 400, 400),
    1254092: Code("DuplexLinkFieldPropertyError", 400, 400),
    1254093: Code("CreatedTimeFieldPropertyError", 400, 400),
    1254094: Code("ModifiedTimeFieldPropertyError", 400, 400),
    1254095: Code("CreatedUserFieldPropertyError", 400, 400),
    1254096: Code("ModifiedUserFieldPropertyError", 400, 400),
    # Limits.
    1254100: Code("TableExceedLimit", 400),
    1254101: Code("ViewExceedLimit", 400),
    1254103: Code("RecordExceedLimit", 400),
    1254104: Code("RecordAddOnceExceedLimit", 400),
    1254105: Code("ColumnExceedLimit", 400),
    1254102: Code("FileExceedLimit", 400),
    1254106: Code("AttachExceedLimit", 400),
    1254107: Code("FilterLengthExceedLimit", 400),
    1254108: Code("SortLengthExceedLimit", 400),
    1254130: Code("TooLargeCell", 400),
    # One at a time, and rights.
    1254291: Code("Write conflict", 400),
    1254112: Code("TooManyRequestInSingleBase", 400),
    1254200: Code("Something went wrong", 500),
    1254290: Code("TooManyRequest", 429),
    1254301: Code("OperationTypeError", 400),
    1254304: Code("Only Available For Business and Enterprise Editions", 403, 403),
    1254305: Code("PermControl", 403, 403),
    1254306: Code("The tenant or base owner is subject to base plan limits.", 403, 403),
    1254609: Code("Busy", 400),
    1254701: Code("DriveNodePermNotAllow", 403, 403),
    1254702: Code("DriveNodeNotExist", 404, 404),
    1254302: Code("Permission denied.", 403, 403),
    1254303: Code("AttachPermNotAllow", 403),
    1254606: Code("DataNotChange", 400),
    1254607: Code("Data not ready, please try again later", 400, 400),
    1254608: Code("Same API requests are submitted repeatedly.", 403, 403),
    # Feishu's own troubles.
    1255001: Code("InternalError", 500),
    1255002: Code("RpcError", 500),
    1255003: Code("MarshalError", 500),
    1255004: Code("UmMarshalError", 500),
    1255005: Code("ConvError", 500),
    1255040: Code("Request timed out, please try again later", 504, 504),
    1255006: Code(
        "Client token conflict, please generate a new client token and try again.", 400, 400
    ),
    # Files.
    1061001: Code("internal error.", 200),
    1061003: Code("not found.", 404, 404),
    1061005: Code("auth failed.", 401, 401),
    1061006: Code("internal time out.", 200),
    1061021: Code("upload id expire.", 400, 400),
    1061043: Code("file size beyond limit.", 400, 400),
    1061045: Code("can retry.", 200),
    1061061: Code("user quota exceeded.", 400, 400),
    1061101: Code("file quota exceeded.", 400, 400),
    1061109: Code("file name cqc not passed.", 400, 400),
    1061113: Code("file cqc not passed.", 400, 400),
    1062010: Code("block missing, please upload all blocks.", 400, 400),
    1062011: Code("block num out of bounds.", 400, 400),
    # Messages of apps; custom bots refuse with HTTP 200.
    230001: Code("Your request contains an invalid request parameter.", 400, 400),
    230006: Code("Bot ability is not activated.", 400, 400),
    230020: Code("This operation triggers the frequency limit.", 400, 400),
    230025: Code("The length of the message content reaches its limit.", 400, 400),
    11232: Code("create message service trigger rate limit", 200, data=True, error=False),
    11233: Code("create message chat trigger rate limit", 200, data=True, error=False),
    19001: Code(
        "param invalid: incoming webhook access token invalid", 200, data=True, error=False
    ),
    19002: Code("params error, msg_type need", 200, data=True, error=False),
    19021: Code(
        "sign match fail or timestamp is not within one hour from current time", 200, data=True, error=False
    ),
    19022: Code("Ip Not Allowed", 200, data=True, error=False),
    19024: Code("Key Words Not Found", 200, data=True, error=False),
    1061002: Code("params error.", 400, 400),
    1061004: Code("forbidden.", 403, 403),
    1061044: Code("parent node not exist.", 400, 400),
    1062007: Code("upload user not match.", 400, 400),
    1062008: Code("checksum param Invalid.", 400, 400),
    1062009: Code("the actual size is inconsistent with the parameter declaration size.", 400, 400),
}  # fmt: skip
