"""Whom a name means: the lead with this external id, else the one lead known by this address."""

from nurture.people.contact_points import HOME_COUNTRY, email_sql, look_up_odd_emails, look_up_odd_mobiles, mobile_sql
from nurture.storage.database import Database

AMBIGUOUS = "points at more than one lead; use the id of one"


def look_up_pointers(database: Database) -> None:
    """Make the temporary table ``pointer`` (text, lead_id, fault) for every lead cell of ``trimmed``."""
    database.run(
        "CREATE OR REPLACE TEMP TABLE pointer AS "
        "SELECT cell.text, lead.id AS lead_id, NULL::VARCHAR AS fault "
        "FROM (SELECT DISTINCT lead AS text FROM trimmed WHERE lead IS NOT NULL) AS cell "
        "LEFT JOIN lead ON lead.id = md5('lead|' || cell.text)::UUID"
    )
    database.run(
        "CREATE OR REPLACE TEMP TABLE stranger AS "
        f"SELECT text, '{HOME_COUNTRY}' AS country FROM pointer WHERE lead_id IS NULL"
    )
    database.run("DELETE FROM pointer WHERE lead_id IS NULL")
    look_up_candidates(database)
    database.run(
        "INSERT INTO pointer SELECT text, CASE WHEN min(lead_id) = max(lead_id) THEN min(lead_id) END, "
        f"CASE WHEN min(lead_id) <> max(lead_id) THEN '{AMBIGUOUS}' END FROM candidate GROUP BY text"
    )


def look_up_candidates(database: Database) -> None:
    """Make ``candidate`` (text, lead_id): every lead that a text of ``stranger`` (text, country) points at.

    Whatever kind of name it may be, in whatever spelling; ``country`` is where a number would be dialled.
    """
    look_up_odd_emails(database, "odd_email", "SELECT text FROM stranger WHERE regexp_matches(text, '[@＠]')")
    look_up_odd_mobiles(database, "odd_mobile", r"SELECT * FROM stranger WHERE regexp_matches(text, '\p{Nd}{3}')")
    email = email_sql("stranger.text", "odd_email")
    mobile = mobile_sql("stranger.text", "stranger.country", "odd_mobile")
    database.run(
        f"""CREATE OR REPLACE TEMP TABLE candidate AS
        WITH named AS (
            SELECT stranger.text, 'email' AS kind, {email} AS value
            FROM stranger LEFT JOIN odd_email ON odd_email.text = stranger.text
            UNION ALL
            SELECT stranger.text, 'mobile', {mobile}
            FROM stranger LEFT JOIN odd_mobile ON odd_mobile.text = stranger.text
            UNION ALL SELECT text, 'wecom_id', text FROM stranger
            UNION ALL SELECT text, 'external_id', text FROM stranger
        )
        SELECT DISTINCT named.text, identity.lead_id
        FROM named JOIN identity ON identity.kind = named.kind AND identity.value = named.value
        JOIN lead ON lead.id = identity.lead_id"""
    )
