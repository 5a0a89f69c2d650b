"""Every error that a caller or a person can meet.

    D2FError
    ├── StartError               the gateway cannot start
    │   ├── BadSetting
    │   ├── PortTaken
    │   ├── AlreadyRunning       another gateway has the data folder
    │   ├── NeedsName            to be reached by other machines
    │   ├── NeedsTls             the same
    │   ├── NeedsLoginPassphrase the same
    │   ├── BadCertificate
    │   ├── OnDashboardOnly      not from the command line, then
    │   ├── NotRunning           there is no gateway to open
    │   ├── DataFolderUnusable
    │   ├── LibraryDamaged
    │   ├── LibraryKeyLost
    │   ├── CipherMissing
    │   ├── NoRoom               to convert the library
    │   ├── KeyLost
    │   ├── KeyNotInKeyring
    │   ├── KeyringGone
    │   ├── KeyringLocked
    │   ├── KeyringSilent
    │   ├── PassphraseNeeded
    │   ├── PassphraseWrong
    │   ├── PassphraseTooShort
    │   ├── KeysInUse            the gateway has to end first
    │   ├── KeyNotKept           a new key is not used unless it was read back
    │   ├── WipeInUse            the same, before all is wiped
    │   └── WipeUnfinished       what is left opens no more
    ├── WipeNotBegun        500  on the dashboard; nothing has changed
    ├── WipeHalfDone        500  the same, in the middle: it can be tried again
    ├── KeysChanged         500  by another process, a moment ago
    ├── SecretUnreadable    500  it was moved, or changed
    ├── TooManyTries        429  a device's, too
    ├── LibraryFault        500  the disk or the library file fails
    ├── Interrupted         500  (told of a run, never raised)
    ├── PictureRefused      502  Douban does not give a cover (tried again another day)
    ├── DeviceError              an extension's message
    │   ├── UnknownDevice   401
    │   ├── Wiped           401  (sealed: a browser believes it, and forgets what it holds)
    │   ├── BadMessage      400
    │   ├── WrongOrigin     403
    │   ├── OldMessage      409
    │   ├── PairingClosed   403
    │   └── MessageTooLarge 413
    ├── OwnerError               the dashboard
    │   ├── NotLoggedIn     401
    │   ├── SessionReused   401  (a refresh cookie came twice)
    │   ├── WrongPassphrase 403
    │   ├── StalePage       403  (without the CSRF token)
    │   ├── WrongHost       421
    │   ├── NotByProxy      403
    │   ├── NotByTls        403
    │   ├── LoginLinkUsed   403
    │   ├── BadInput        400
    │   ├── ChangedMeanwhile 412
    │   ├── WalkUnderWay    409
    │   ├── NoDoubanLogin   409
    │   ├── OtherDoubanLogin 409
    │   ├── NoSuchFailure   404
    │   └── NoSuchThing     404
    └── FeishuError              Feishu, or the way to it
        ├── FeishuUnset     409
        ├── BadAddress      400
        ├── FeishuUnreachable 502
        ├── FeishuBusy      503  (asks to wait; tried again by itself)
        ├── FeishuConflict  503  (somebody else writes; tried again by itself)
        ├── FeishuFault     502  (an error of Feishu's own; tried again by itself)
        ├── BadSecret       401
        ├── TokenRefused    401
        ├── AppNotPublished 403
        ├── WrongDomain     400
        ├── BadBaseToken    401
        ├── OtherBase       403
        ├── ColumnsUnchosen 409
        ├── WikiNeedsApp    400
        ├── LoginEnded      401
        ├── LoginRefused    403
        ├── RedirectUnknown 400
        ├── AddressBarred   403
        ├── NeedsManage     403
        ├── ProxyBroken     502  (told, never raised)
        ├── NoScope         403
        ├── NoAccess        403
        ├── ReadOnly        403
        ├── NotFound        404
        ├── TableGone       404
        ├── TableOfOther    409
        ├── NotATable       400
        ├── NoSuchRecord    404  (the person deleted the row)
        ├── QuotaUsedUp     403
        ├── QuotaNear       403  (told, never raised)
        ├── CoversRest      403  (told, never raised: the covers' share of the calls is used up)
        ├── StorageFull     403  (no room for covers)
        ├── PictureNotTaken 422  (one cover; the others go through)
        ├── BadWebhook      400  (of a custom bot)
        ├── NeedsOwnApp     409  (for messages of the app)
        ├── BotUnknown      404  (a custom bot; the next three, too)
        ├── BotUnsigned     403
        ├── BotBarred       403
        ├── BotKeyword      403
        ├── BotOff          403  (the app, as a bot)
        ├── ReceiverUnknown 404
        ├── TableFull       403
        ├── Paused          409  (told, never raised)
        ├── PlanUnaccepted  409  (told of a table that had rows before; never raised)
        ├── WrongColumnType 409
        ├── ColumnNameTaken 409
        ├── StaleColumns    409  (a column or the table changed since we looked; looked up again)
        ├── TokenSpent      409  (a create was sent before, and may or may not have gone through: look, then decide)
        ├── BatchTooLarge   413  (halved by itself)
        ├── BadRow          422  (one row's value; the others go through)
        └── FeishuRefused   502  (any other code)

Each has a ``code`` that callers may rely on, an HTTP ``status``, an English ``title`` and a ``hint``:
what to do, for the person, in Chinese and English. Hints may name facts in ``{braces}``.
"""

from msgspec import MsgspecError

from gateway.errors.base import (
    D2FError,
    Issue,
    Words,
)
from gateway.errors.feishu import (
    PASSING,
    AddressBarred,
    AppNotPublished,
    BadAddress,
    BadBaseToken,
    BadRow,
    BadSecret,
    BadWebhook,
    BatchTooLarge,
    BotBarred,
    BotKeyword,
    BotOff,
    BotUnknown,
    BotUnsigned,
    ColumnNameTaken,
    ColumnsUnchosen,
    CoversRest,
    FeishuBusy,
    FeishuConflict,
    FeishuError,
    FeishuFault,
    FeishuRefused,
    FeishuUnreachable,
    FeishuUnset,
    LoginEnded,
    LoginRefused,
    NeedsManage,
    NeedsOwnApp,
    NoAccess,
    NoScope,
    NoSuchRecord,
    NotATable,
    NotFound,
    OtherBase,
    Paused,
    PictureNotTaken,
    PlanUnaccepted,
    ProxyBroken,
    QuotaNear,
    QuotaUsedUp,
    ReadOnly,
    ReceiverUnknown,
    RedirectUnknown,
    StaleColumns,
    StorageFull,
    TableFull,
    TableGone,
    TableOfOther,
    TokenRefused,
    TokenSpent,
    WikiNeedsApp,
    WrongColumnType,
    WrongDomain,
)
from gateway.errors.own import (
    AlreadyRunning,
    BadCertificate,
    BadInput,
    BadMessage,
    BadSetting,
    ChangedMeanwhile,
    CipherMissing,
    DataFolderUnusable,
    DeviceError,
    Interrupted,
    KeyLost,
    KeyNotInKeyring,
    KeyNotKept,
    KeyringGone,
    KeyringLocked,
    KeyringSilent,
    KeysChanged,
    KeysInUse,
    LibraryDamaged,
    LibraryFault,
    LibraryKeyLost,
    LoginLinkUsed,
    MessageTooLarge,
    NeedsLoginPassphrase,
    NeedsName,
    NeedsTls,
    NoDoubanLogin,
    NoRoom,
    NoSuchFailure,
    NoSuchThing,
    NotByProxy,
    NotByTls,
    NotLoggedIn,
    NotRunning,
    OldMessage,
    OnDashboardOnly,
    OtherDoubanLogin,
    OwnerError,
    PairingClosed,
    PassphraseNeeded,
    PassphraseTooShort,
    PassphraseWrong,
    PictureRefused,
    PortTaken,
    SecretUnreadable,
    SessionReused,
    StalePage,
    StartError,
    TooManyTries,
    UnknownDevice,
    WalkUnderWay,
    Wiped,
    WipeHalfDone,
    WipeInUse,
    WipeNotBegun,
    WipeUnfinished,
    WrongHost,
    WrongOrigin,
    WrongPassphrase,
)

__all__ = [
    "PASSING",
    "UNDECODABLE",
    "AddressBarred",
    "AlreadyRunning",
    "AppNotPublished",
    "BadAddress",
    "BadBaseToken",
    "BadCertificate",
    "BadInput",
    "BadMessage",
    "BadRow",
    "BadSecret",
    "BadSetting",
    "BadWebhook",
    "BatchTooLarge",
    "BotBarred",
    "BotKeyword",
    "BotOff",
    "BotUnknown",
    "BotUnsigned",
    "ChangedMeanwhile",
    "CipherMissing",
    "ColumnNameTaken",
    "ColumnsUnchosen",
    "CoversRest",
    "D2FError",
    "DataFolderUnusable",
    "DeviceError",
    "FeishuBusy",
    "FeishuConflict",
    "FeishuError",
    "FeishuFault",
    "FeishuRefused",
    "FeishuUnreachable",
    "FeishuUnset",
    "Interrupted",
    "Issue",
    "KeyLost",
    "KeyNotInKeyring",
    "KeyNotKept",
    "KeyringGone",
    "KeyringLocked",
    "KeyringSilent",
    "KeysChanged",
    "KeysInUse",
    "LibraryDamaged",
    "LibraryFault",
    "LibraryKeyLost",
    "LoginEnded",
    "LoginLinkUsed",
    "LoginRefused",
    "MessageTooLarge",
    "NeedsLoginPassphrase",
    "NeedsManage",
    "NeedsName",
    "NeedsOwnApp",
    "NeedsTls",
    "NoAccess",
    "NoDoubanLogin",
    "NoRoom",
    "NoScope",
    "NoSuchFailure",
    "NoSuchRecord",
    "NoSuchThing",
    "NotATable",
    "NotByProxy",
    "NotByTls",
    "NotFound",
    "NotLoggedIn",
    "NotRunning",
    "OldMessage",
    "OnDashboardOnly",
    "OtherBase",
    "OtherDoubanLogin",
    "OwnerError",
    "PairingClosed",
    "PassphraseNeeded",
    "PassphraseTooShort",
    "PassphraseWrong",
    "Paused",
    "PictureNotTaken",
    "PictureRefused",
    "PlanUnaccepted",
    "PortTaken",
    "ProxyBroken",
    "QuotaNear",
    "QuotaUsedUp",
    "ReadOnly",
    "ReceiverUnknown",
    "RedirectUnknown",
    "SecretUnreadable",
    "SessionReused",
    "StaleColumns",
    "StalePage",
    "StartError",
    "StorageFull",
    "TableFull",
    "TableGone",
    "TableOfOther",
    "TokenRefused",
    "TokenSpent",
    "TooManyTries",
    "UnknownDevice",
    "WalkUnderWay",
    "WikiNeedsApp",
    "WipeHalfDone",
    "WipeInUse",
    "WipeNotBegun",
    "WipeUnfinished",
    "Wiped",
    "Words",
    "WrongColumnType",
    "WrongDomain",
    "WrongHost",
    "WrongOrigin",
    "WrongPassphrase",
]

UNDECODABLE = (MsgspecError, UnicodeDecodeError, RecursionError)
"""What ``msgspec.json.decode`` raises: for what is no JSON, or another, for bytes that are no UTF-8, for depth."""
