"""The library's tables, one function a step. A step that has shipped is never edited; a new one is added."""

from sqlite_utils import Database, Migrations

from gateway.shelves import SQL_CLASS

migrations = Migrations("d2f")


_IS_DUE = """INSERT INTO due SELECT NEW.account, NEW.medium, NEW.id, subject.class, NEW.marked_on FROM subject
    WHERE subject.medium = NEW.medium AND subject.id = NEW.id
    ON CONFLICT DO UPDATE SET class = excluded.class, marked_on = excluded.marked_on;"""

_TITLE = "lower(ifnull({0} ->> '$.title', '') || char(10) || ifnull({0} ->> '$.original_title', ''))"
_WORDS = """lower(ifnull((SELECT group_concat(value, char(10)) FROM json_each({0}, '$.tags')), '')
    || char(10) || ifnull({0} ->> '$.comment', ''))"""

_PATH = "substr({0}, 1, instr({0} || '?', '?') - 1)"
_PICTURE = f"replace({_PATH}, rtrim({_PATH}, replace({_PATH}, '/', '')), '')"
"""The last part of an address."""
_PHOTO = f"""CASE WHEN instr({_PATH}, '/')
    THEN ifnull(nullif(substr({_PICTURE}, 1, instr({_PICTURE} || '.', '.') - 1), ''), {{0}}) ELSE {{0}} END"""
"""As ``model.photo_id`` has it."""


@migrations()
def m001_first(db: Database) -> None:
    """Everything that the first version keeps."""
    for statement in (
        # What the person set on the dashboard, and what a table is bound to; values are JSON.
        "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        # Sealed by the vault: never a plain secret in this file.
        "CREATE TABLE secret (name TEXT PRIMARY KEY, sealed BLOB NOT NULL, at TEXT NOT NULL)",
        "CREATE TABLE account (id TEXT PRIMARY KEY, name TEXT, slug TEXT, seen_at TEXT NOT NULL)",
        """CREATE TABLE device (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL, version TEXT NOT NULL,
            counter INTEGER NOT NULL DEFAULT 0, paired_at TEXT NOT NULL, seen_at TEXT NOT NULL, revoked_at TEXT)""",
        # One-time links to the dashboard, by the hash of what is in them.
        "CREATE TABLE login_link (hash TEXT PRIMARY KEY, expires_at TEXT NOT NULL)",
        # Sessions that were logged out of, for as long as they would have been good.
        "CREATE TABLE ended_session (hash TEXT PRIMARY KEY, expires_at TEXT NOT NULL)",
        """CREATE TABLE capture (
            id TEXT PRIMARY KEY, device TEXT NOT NULL, url TEXT NOT NULL, trigger TEXT NOT NULL,
            captured_at TEXT NOT NULL, received_at TEXT NOT NULL, status INTEGER, content BLOB,
            size INTEGER NOT NULL,
            account TEXT, verdict TEXT, reason TEXT, result TEXT)""",
        "CREATE INDEX capture_received ON capture (received_at)",
        # The bodies are model.Subject and model.Mark as JSON; the other columns are cut out of them.
        f"""CREATE TABLE subject (
            medium TEXT NOT NULL, id TEXT NOT NULL, detailed INTEGER NOT NULL, body TEXT NOT NULL,
            seen_at TEXT NOT NULL,
            title TEXT GENERATED ALWAYS AS (body ->> '$.title') STORED,
            kind TEXT GENERATED ALWAYS AS (body ->> '$.kind') STORED,
            removed INTEGER GENERATED ALWAYS AS (body ->> '$.removed') STORED,
            class TEXT GENERATED ALWAYS AS ({SQL_CLASS}) STORED,
            PRIMARY KEY (medium, id)) WITHOUT ROWID""",
        """CREATE TABLE mark (
            account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
            revision INTEGER NOT NULL, seen_at TEXT NOT NULL,
            status TEXT GENERATED ALWAYS AS (body ->> '$.status') STORED,
            rating INTEGER GENERATED ALWAYS AS (body ->> '$.rating') STORED,
            marked_on TEXT GENERATED ALWAYS AS (body ->> '$.marked_on') STORED,
            PRIMARY KEY (account, medium, id)) WITHOUT ROWID""",
        # Every change of a mark, for ever: {"field": [old, new]}; a new mark has old = null throughout.
        """CREATE TABLE change (
            number INTEGER PRIMARY KEY, account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL,
            at TEXT NOT NULL, capture TEXT, what TEXT NOT NULL, fields TEXT NOT NULL)""",
        "CREATE INDEX change_of ON change (account, medium, id)",
        # The row in a Bitable table that shows a mark, and the revision that it shows. A table's own id is unique
        # within its Bitable only: a copied Bitable has the same ones. So the key is "<app token>/<table id>".
        """CREATE TABLE record (
            table_key TEXT NOT NULL, account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL,
            record_id TEXT, pushed INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, failure TEXT,
            deleted INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (table_key, account, medium, id)) WITHOUT ROWID""",
        # Creates whose outcome is not known yet: written before they are sent. How often, and when last.
        """CREATE TABLE batch (
            client_token TEXT PRIMARY KEY, table_key TEXT NOT NULL, body BLOB NOT NULL, keys TEXT NOT NULL,
            sends INTEGER NOT NULL, sent_at TEXT NOT NULL)""",
        # Calls to Feishu, by month (UTC+8) and by what they were for: a free tenant has 10,000 a month.
        """CREATE TABLE call_count (
            month TEXT NOT NULL, purpose TEXT NOT NULL, calls INTEGER NOT NULL,
            PRIMARY KEY (month, purpose)) WITHOUT ROWID""",
    ):
        db.execute(statement)


@migrations()
def m002_covers(db: Database) -> None:
    """Covers: a picture is uploaded once for a Bitable, and shown by the rows of its tables."""
    for statement in (
        "ALTER TABLE subject ADD COLUMN cover TEXT GENERATED ALWAYS AS (body ->> '$.cover')",
        # By the photo's id. Without a file_token it was refused: how often, when last, and why.
        """CREATE TABLE picture (
            app_token TEXT NOT NULL, photo TEXT NOT NULL, file_token TEXT,
            tries INTEGER NOT NULL DEFAULT 0, tried_at TEXT, failure TEXT,
            PRIMARY KEY (app_token, photo)) WITHOUT ROWID""",
        # What a row's cover cell was last settled for. Without a file_token the cell is the person's own.
        """CREATE TABLE cover (
            table_key TEXT NOT NULL, record_id TEXT NOT NULL, photo TEXT NOT NULL, file_token TEXT,
            PRIMARY KEY (table_key, record_id)) WITHOUT ROWID""",
    ):
        db.execute(statement)


@migrations()
def m003_due(db: Database) -> None:
    """Marks that a table does not show as they are, so that nobody has to look through the whole library for them."""
    for statement in (
        """CREATE TABLE due (
            account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL, class TEXT NOT NULL, marked_on TEXT,
            PRIMARY KEY (account, medium, id)) WITHOUT ROWID""",
        "CREATE INDEX due_next ON due (class, marked_on DESC, id)",
        # A mark is due from the very write that changes it, whoever writes.
        f"CREATE TRIGGER mark_new AFTER INSERT ON mark BEGIN {_IS_DUE} END",
        f"CREATE TRIGGER mark_changed AFTER UPDATE ON mark WHEN NEW.revision > OLD.revision BEGIN {_IS_DUE} END",
        "CREATE INDEX record_failed ON record (table_key) WHERE failure IS NOT NULL",
        "CREATE INDEX record_deleted ON record (table_key, account, medium, id) WHERE deleted = 1",
        """INSERT INTO due SELECT mark.account, mark.medium, mark.id, subject.class, mark.marked_on
            FROM mark JOIN subject USING (medium, id) WHERE NOT EXISTS (SELECT 1 FROM record
                WHERE record.account = mark.account AND record.medium = mark.medium AND record.id = mark.id
                AND max(record.pushed, record.failed) >= mark.revision)""",
    ):
        db.execute(statement)


@migrations()
def m004_walks(db: Database) -> None:
    """Marks that are on Douban no more, and what a walk under way has seen so far."""
    for statement in (
        # As of this moment no list of its medium had the mark; NULL again once a page shows it.
        "ALTER TABLE mark ADD COLUMN removed_at TEXT",
        """CREATE TABLE walk_seen (
            account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL,
            private INTEGER NOT NULL, PRIMARY KEY (account, medium, id)) WITHOUT ROWID""",
    ):
        db.execute(statement)


@migrations()
def m005_runs(db: Database) -> None:
    """Runs, and rows that are in the wrong table."""
    for statement in (
        # runs.Run as JSON.
        "CREATE TABLE run (id INTEGER PRIMARY KEY, ended TEXT, body TEXT NOT NULL)",
        # The tables that show the library now, and the classes of subjects that each of them shows.
        """CREATE TABLE target (table_key TEXT NOT NULL, class TEXT NOT NULL, PRIMARY KEY (table_key, class))
            WITHOUT ROWID""",
        # Rows whose mark is shown by another table now: they are to be taken out of theirs.
        """CREATE TABLE stray (
            table_key TEXT NOT NULL, account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL,
            PRIMARY KEY (table_key, account, medium, id)) WITHOUT ROWID""",
    ):
        db.execute(statement)


@migrations()
def m006_accounts(db: Database) -> None:
    """Several accounts of Douban, each with tables and runs of its own. Empty stands for the first one."""
    for statement in (
        # accounts.State. Who was there before is kept.
        "ALTER TABLE account ADD COLUMN state TEXT NOT NULL DEFAULT 'kept'",
        "ALTER TABLE target ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE run ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
        "DROP INDEX due_next",
        "CREATE INDEX due_next ON due (account, class, marked_on DESC, id)",
        "CREATE INDEX run_of ON run (owner, id)",
    ):
        db.execute(statement)


@migrations()
def m007_edits(db: Database) -> None:
    """What the person did to cells of ours in Feishu."""
    for statement in (
        # Cells that do not show what we would write. State: "again" (written again, ``times`` since they were right),
        # "left" (they changed back each time: left alone while the mark has this revision), "theirs" (the person's).
        # ``shown``: what they said, as compare.Digest.
        """CREATE TABLE edit (
            table_key TEXT NOT NULL, account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL,
            state TEXT NOT NULL, shown INTEGER NOT NULL, revision INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,
            PRIMARY KEY (table_key, account, medium, id, field)) WITHOUT ROWID""",
        # What was last written into a row: field -> digests, more than one while it is not known which of them arrived.
        # ``quiet``: of fields that change without a reason to write; ``cells``: of all others, where edits are theirs.
        """CREATE TABLE written (
            table_key TEXT NOT NULL, account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL,
            quiet BLOB, cells BLOB, PRIMARY KEY (table_key, account, medium, id)) WITHOUT ROWID""",
        "CREATE INDEX record_of ON record (table_key, record_id)",
    ):
        db.execute(statement)


@migrations()
def m008_catalogue(db: Database) -> None:
    """Marks in the order of their days, with what they are searched by: bodies are too large to look through."""
    title, words = _TITLE.format("NEW.body"), _WORDS.format("NEW.body")
    for statement in (
        """CREATE TABLE catalogue (
            account TEXT NOT NULL, marked_on TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL,
            title TEXT NOT NULL, words TEXT NOT NULL,
            PRIMARY KEY (account, marked_on, medium, id)) WITHOUT ROWID""",
        "CREATE INDEX catalogue_of ON catalogue (medium, id)",
        f"""INSERT INTO catalogue SELECT mark.account, ifnull(mark.marked_on, ''), mark.medium, mark.id,
            {_TITLE.format("subject.body")}, {_WORDS.format("mark.body")}
            FROM mark LEFT JOIN subject USING (medium, id)""",
        f"""CREATE TRIGGER mark_listed AFTER INSERT ON mark BEGIN
            INSERT OR REPLACE INTO catalogue VALUES (NEW.account, ifnull(NEW.marked_on, ''), NEW.medium, NEW.id,
                ifnull((SELECT {_TITLE.format("body")} FROM subject
                    WHERE medium = NEW.medium AND id = NEW.id), char(10)), {words}); END""",
        f"""CREATE TRIGGER mark_listed_anew AFTER UPDATE OF body ON mark WHEN NEW.body <> OLD.body BEGIN
            UPDATE catalogue SET marked_on = ifnull(NEW.marked_on, ''), words = {words}
            WHERE (account, marked_on, medium, id)
                = (OLD.account, ifnull(OLD.marked_on, ''), OLD.medium, OLD.id); END""",
        f"""CREATE TRIGGER subject_listed AFTER INSERT ON subject BEGIN
            UPDATE catalogue SET title = {title}
            WHERE medium = NEW.medium AND id = NEW.id AND title <> {title}; END""",
    ):
        db.execute(statement)


@migrations()
def m009_adopted(db: Database) -> None:
    """Rows that the person had before: what they wrote where Douban has nothing is not ours to clear."""
    db.execute("ALTER TABLE record ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0")


@migrations()
def m010_made(db: Database) -> None:
    """Rows that were just made, and those of them that another gateway's made superfluous."""
    for statement in (
        "ALTER TABLE record ADD COLUMN made_at TEXT",
        # Whether another gateway made a row of the same mark meanwhile was not looked at yet.
        "ALTER TABLE record ADD COLUMN unlooked INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX record_unlooked ON record (table_key) WHERE unlooked = 1",
        """CREATE TABLE surplus (
            table_key TEXT NOT NULL, record_id TEXT NOT NULL, account TEXT NOT NULL, medium TEXT NOT NULL,
            id TEXT NOT NULL, PRIMARY KEY (table_key, record_id)) WITHOUT ROWID""",
    ):
        db.execute(statement)


@migrations()
def m011_photos(db: Database) -> None:
    """The cover of each subject, apart from the bodies, which take long to read through."""
    columns = "{0}.medium, {0}.id, {0}.body ->> '$.cover', " + _PHOTO.format("({0}.body ->> '$.cover')")
    has_cover = "ifnull({0}.body ->> '$.cover', '') <> ''"
    for statement in (
        """CREATE TABLE photo (medium TEXT NOT NULL, id TEXT NOT NULL, address TEXT NOT NULL, photo TEXT NOT NULL,
            PRIMARY KEY (medium, id)) WITHOUT ROWID""",
        f"INSERT INTO photo SELECT {columns.format('subject')} FROM subject WHERE {has_cover.format('subject')}",
        f"""CREATE TRIGGER subject_pictured AFTER INSERT ON subject BEGIN
            DELETE FROM photo WHERE (medium, id) = (NEW.medium, NEW.id);
            INSERT INTO photo SELECT {columns.format("NEW")} WHERE {has_cover.format("NEW")}; END""",
    ):
        db.execute(statement)


@migrations()
def m012_owner(db: Database) -> None:
    """The owner's sessions, each with the refresh cookies that it had, and what was done that matters to safety."""
    for statement in (
        "DROP TABLE ended_session",  # those that go on are kept now, no longer those that ended
        "ALTER TABLE login_link ADD COLUMN asks INTEGER NOT NULL DEFAULT 1",
        "CREATE TABLE owner_session (id TEXT PRIMARY KEY, began_at TEXT NOT NULL, browser TEXT NOT NULL)",
        # By their hashes. A spent one is remembered for as long as it would have been good: it must not come again.
        """CREATE TABLE owner_refresh (
            hash TEXT PRIMARY KEY, session TEXT NOT NULL, expires_at TEXT NOT NULL, spent_at TEXT)""",
        "CREATE INDEX owner_refresh_of ON owner_refresh (session)",
        # audit.Entry.
        """CREATE TABLE audit (
            number INTEGER PRIMARY KEY, at TEXT NOT NULL, act TEXT NOT NULL, source TEXT NOT NULL, about TEXT NOT NULL,
            times INTEGER NOT NULL DEFAULT 1)""",
        "CREATE INDEX audit_act ON audit (act, number)",
    ):
        db.execute(statement)


@migrations()
def m013_leaving(db: Database) -> None:
    """Rows that we are about to delete: one that is gone then was not deleted by the person."""
    db.execute("ALTER TABLE record ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0")
    # What is due is sorted before each write: the few marks that were removed are looked up among those that are due.
    db.execute("CREATE INDEX mark_removed ON mark (account, medium, id) WHERE removed_at IS NOT NULL")


@migrations()
def m014_taken_out(db: Database) -> None:
    """What is known of rows that went, and of those that were found; removed marks that are to be sorted."""
    sorted_out = "INSERT OR IGNORE INTO unsorted SELECT NEW.account, NEW.medium, NEW.id FROM mark"
    of_removed = "(account, medium, id) = (NEW.account, NEW.medium, NEW.id) AND removed_at IS NOT NULL"
    for statement in (
        # Rows that we deleted. Feishu may show them for a while; they are nobody's.
        """CREATE TABLE taken_out (table_key TEXT NOT NULL, record_id TEXT NOT NULL, at TEXT NOT NULL,
            PRIMARY KEY (table_key, record_id)) WITHOUT ROWID""",
        # When a row was found that we did not make.
        "ALTER TABLE record ADD COLUMN found_at TEXT",
        "CREATE INDEX record_leaving ON record (table_key) WHERE leaving = 1",
        # Removed marks that are due, until it is sorted out what becomes of their rows: all others are left alone.
        """CREATE TABLE unsorted (account TEXT NOT NULL, medium TEXT NOT NULL, id TEXT NOT NULL,
            PRIMARY KEY (account, medium, id)) WITHOUT ROWID""",
        """INSERT INTO unsorted SELECT due.account, due.medium, due.id FROM mark INDEXED BY mark_removed
            CROSS JOIN due USING (account, medium, id) WHERE mark.removed_at IS NOT NULL""",
        f"CREATE TRIGGER due_new AFTER INSERT ON due BEGIN {sorted_out} WHERE {of_removed}; END",
        f"CREATE TRIGGER due_changed AFTER UPDATE ON due BEGIN {sorted_out} WHERE {of_removed}; END",
    ):
        db.execute(statement)


@migrations()
def m015_sealed(db: Database) -> None:
    """The counter of the message that a capture came with: which of a browser's captures was sealed before which."""
    db.execute("ALTER TABLE capture ADD COLUMN counter INTEGER")
    db.execute("CREATE INDEX capture_of ON capture (device, counter) WHERE counter IS NOT NULL")


@migrations()
def m016_placed(db: Database) -> None:
    """Where somebody put the row of a mark, by a class of subjects: of more weight than what Douban did not tell."""
    is_due = _IS_DUE.replace("subject.class", "ifnull(NEW.placed, subject.class)")
    for statement in (
        "ALTER TABLE mark ADD COLUMN placed TEXT",
        "DROP TRIGGER mark_new",
        "DROP TRIGGER mark_changed",
        f"CREATE TRIGGER mark_new AFTER INSERT ON mark BEGIN {is_due} END",
        # of that column alone: what was only seen again is not looked at row by row
        f"CREATE TRIGGER mark_changed AFTER UPDATE OF revision ON mark WHEN NEW.revision > OLD.revision BEGIN {is_due} END",
    ):
        db.execute(statement)


@migrations()
def m017_apart(db: Database) -> None:
    """Of the fields that the last page did not show of a mark: when a page showed them last, as JSON."""
    db.execute("ALTER TABLE mark ADD COLUMN apart TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m018_unsorted_once(db: Database) -> None:
    """What is sorted out already is not put there twice: in a trigger, OR IGNORE gives way to what the outer statement says."""
    known = "SELECT 1 FROM unsorted WHERE (account, medium, id) = (NEW.account, NEW.medium, NEW.id)"
    of_removed = "(account, medium, id) = (NEW.account, NEW.medium, NEW.id) AND removed_at IS NOT NULL"
    put = "INSERT INTO unsorted SELECT NEW.account, NEW.medium, NEW.id FROM mark"
    for name, event in (("due_new", "INSERT"), ("due_changed", "UPDATE")):
        db.execute(f"DROP TRIGGER {name}")
        db.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON due BEGIN {put} WHERE {of_removed} AND NOT EXISTS ({known}); END"
        )
