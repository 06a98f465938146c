-- Rows for every table in SQLite, with a value of its own in every column. `rows.json` has the same rows as PostgreSQL has them.

INSERT INTO tickets
    (id, number, site, reference, status, priority, target, due_at, received_at, person, session, topic, severity, owner, team, assignee,
     turn, answered_at, updated_at, read_until, unread, customer_messages, kind, title, requester, plan, is_verified, robot_signs, is_test,
     list_group, list_key, listed)
VALUES
    ('t-é-1', 7, 'site: ø ₂ 🦀', 'reference: ø ₂ 🦀', 'status: ø ₂ 🦀', 'priority: ø ₂ 🦀', 'target: ø ₂ 🦀', '1969-12-31T23:59:59.101Z',
     '1969-12-31T23:59:59.102Z', 'person: ø ₂ 🦀', x'00ff00', 'topic: ø ₂ 🦀', 'severity: ø ₂ 🦀', 'owner: ø ₂ 🦀', 'team: ø ₂ 🦀',
     'assignee: ø ₂ 🦀', 'turn: ø ₂ 🦀', '1969-12-31T23:59:59.103Z', '1969-12-31T23:59:59.104Z', 9223372036854775807, 9223372036854775806,
     9223372036854775805, 'kind: ø ₂ 🦀', 'title: ø ₂ 🦀', 'requester: ø ₂ 🦀', 'plan: ø ₂ 🦀', 1, 'robot signs: ø ₂ 🦀', 0, 9223372036854775804,
     9223372036854775803, 2),
    ('t-2', 9, '', '', '', NULL, NULL, NULL, '0001-01-01T00:00:00.001Z', NULL, NULL, '', '', NULL, '', '', '', NULL,
     '0001-01-01T00:00:00.001Z', -9223372036854775808, -9223372036854775807, -9223372036854775806, '', '', '', '', 0, '', 1,
     -9223372036854775805, -9223372036854775804, 2),
    ('t-3', 8, '', 'third reference', '', '', '', NULL, '2026-11-28T10:00:00.999Z', '', NULL, '', '', '', '', '', '', NULL,
     '2026-11-28T10:00:00.999Z', -1, 0, 1, '', '', '', '', 0, '', 1, 2, 3, 2);

INSERT INTO ticket_bodies
    (ticket, format, excerpt, body)
VALUES
    ('t-é-1', 9223372036854775807, 'excerpt: ø ₂ 🦀', 'body: ø ₂ 🦀'),
    ('t-2', -9223372036854775808, '', '');

INSERT INTO seals
    (site, "key", body, session, ticket)
VALUES
    ('site: ø ₂ 🦀', 'key: ø ₂ 🦀', x'00ff00', x'00ff01', 't-é-1'),
    ('other site', 'other key', x'', NULL, 't-2');

INSERT INTO ticket_tokens
    (ticket, token)
VALUES
    (7, 'token: ø ₂ 🦀'),
    (9, 'other token');

INSERT INTO messages
    (ticket, number, author, name, body, at, "key", sealed)
VALUES
    ('t-é-1', 9223372036854775807, 'author: ø ₂ 🦀', 'name: ø ₂ 🦀', 'body: ø ₂ 🦀', '1969-12-31T23:59:59.101Z', 'key: ø ₂ 🦀', x'00ff00'),
    ('t-2', -9223372036854775808, '', '', '', '0001-01-01T00:00:00.001Z', NULL, NULL),
    ('t-3', 1, '', '', '', '2026-11-28T10:00:00.999Z', '', NULL);

INSERT INTO deeds
    (ticket, number, operator, deed, text, at, "key")
VALUES
    ('t-é-1', 9223372036854775807, 'actor: ø ₂ 🦀', 'kind: ø ₂ 🦀', 'text: ø ₂ 🦀', '1969-12-31T23:59:59.101Z', 'key: ø ₂ 🦀'),
    ('t-2', -9223372036854775808, '', '', '', '0001-01-01T00:00:00.001Z', NULL),
    ('t-3', 1, '', '', '', '2026-11-28T10:00:00.999Z', '');

INSERT INTO deliveries
    (id, site, destination, ticket, what, number, state, created_at, due_at, tried_at, settled_at, tries, failures, remote, told, head,
     claim, claimed_until)
VALUES
    (11, 'site: ø ₂ 🦀', 'destination: ø ₂ 🦀', 't-é-1', 'kind: ø ₂ 🦀', 9223372036854775807, 'state: ø ₂ 🦀', '1969-12-31T23:59:59.101Z',
     '1969-12-31T23:59:59.102Z', '1969-12-31T23:59:59.103Z', '1969-12-31T23:59:59.104Z', 9223372036854775806, 9223372036854775805,
     'external id: ø ₂ 🦀', 'reason: ø ₂ 🦀', 1, 'claim: ø ₂ 🦀', '1969-12-31T23:59:59.105Z'),
    (12, '', '', 't-2', '', -9223372036854775808, '', '0001-01-01T00:00:00.001Z', '0001-01-01T00:00:00.001Z', NULL, NULL,
     -9223372036854775807, -9223372036854775806, '', '', 0, NULL, NULL),
    (10, '', '', 't-3', '', -1, '', '2026-11-28T10:00:00.999Z', '2026-11-28T10:00:00.999Z', NULL, NULL, 0, 1, '', '', 0, '', NULL);

-- The trigger has made them heads of queues.
UPDATE deliveries SET head = 0 WHERE id IN (10, 12);

INSERT INTO places
    (ticket, site, destination, remote, requester, look_at, seen_at, merged_into, merged_after)
VALUES
    ('t-é-1', 'site: ø ₂ 🦀', 'destination: ø ₂ 🦀', 'external id: ø ₂ 🦀', 'requester: ø ₂ 🦀', '1969-12-31T23:59:59.101Z',
     '1969-12-31T23:59:59.102Z', 'merged into: ø ₂ 🦀', 'merged after: ø ₂ 🦀'),
    ('t-2', '', 'other destination', '', '', NULL, NULL, NULL, NULL),
    ('t-3', '', 'third destination', '', '', NULL, NULL, '', '');

INSERT INTO erased_external_tickets
    (digest)
VALUES
    (x'00ff00'),
    (x'01');

INSERT INTO attachments
    (site, id, person, session, name, type, size, metadata, file, put_at, ticket, number, place)
VALUES
    ('site: ø ₂ 🦀', 'id: ø ₂ 🦀', 'person: ø ₂ 🦀', x'00ff00', 'name: ø ₂ 🦀', 'media type: ø ₂ 🦀', 9223372036854775807, 1, 'file: ø ₂ 🦀',
     '1969-12-31T23:59:59.101Z', 't-é-1', 9223372036854775806, 9223372036854775805),
    ('other site', 'other id', NULL, NULL, '', '', -9223372036854775808, 0, '', '0001-01-01T00:00:00.001Z', NULL, NULL, NULL),
    ('third site', 'third id', '', NULL, '', '', -1, 0, '', '2026-11-28T10:00:00.999Z', NULL, NULL, NULL);

INSERT INTO removed_files
    (file)
VALUES
    ('file: ø ₂ 🦀'),
    ('other file');

INSERT INTO upload_usage
    (day, scope, "key", bytes, files)
VALUES
    ('day: ø ₂ 🦀', 'scope: ø ₂ 🦀', x'00ff00', 9223372036854775807, 9223372036854775806),
    ('other day', 'other scope', x'01', -9223372036854775808, -9223372036854775807);

INSERT INTO confirmations
    (ticket, address, mailbox, code, sent_at, attempts, confirmed_at, bounced_at)
VALUES
    ('t-é-1', 'address: ø ₂ 🦀', 'mailbox: ø ₂ 🦀', 9223372036854775807, '1969-12-31T23:59:59.101Z', 9223372036854775806,
     '1969-12-31T23:59:59.102Z', '1969-12-31T23:59:59.103Z'),
    ('t-2', '', '', -9223372036854775808, NULL, -9223372036854775807, NULL, NULL);

INSERT INTO mails
    (ticket, site, address, created_at, tries, due_at, claim, claimed_until)
VALUES
    ('t-é-1', 'site: ø ₂ 🦀', 'address: ø ₂ 🦀', '1969-12-31T23:59:59.101Z', 9223372036854775807, '1969-12-31T23:59:59.102Z', 'claim: ø ₂ 🦀',
     '1969-12-31T23:59:59.103Z'),
    ('t-2', '', '', '0001-01-01T00:00:00.001Z', -9223372036854775808, NULL, NULL, NULL),
    ('t-3', '', '', '2026-11-28T10:00:00.999Z', -1, NULL, '', NULL);

INSERT INTO answer_mails
    (ticket, site, mailbox, queued_until, mailed_until, last_mail, mails_sent, unsubscribed_at, blocked_at, queued_at, attempts, due_at, claim,
     claimed_until)
VALUES
    ('t-é-1', 'site: ø ₂ 🦀', x'00ff00', 9223372036854775807, 9223372036854775806, 9223372036854775805, 9223372036854775804,
     '1969-12-31T23:59:59.101Z', '1969-12-31T23:59:59.102Z', '1969-12-31T23:59:59.103Z', 9223372036854775803, '1969-12-31T23:59:59.104Z',
     'claim: ø ₂ 🦀', '1969-12-31T23:59:59.105Z'),
    ('t-2', '', x'', -9223372036854775808, -9223372036854775807, NULL, -9223372036854775806, NULL, NULL, '0001-01-01T00:00:00.001Z',
     -9223372036854775805, NULL, NULL, NULL),
    ('t-3', '', x'', 0, 0, 0, 0, NULL, NULL, '2026-11-28T10:00:00.999Z', 0, NULL, '', NULL);

INSERT INTO access_links
    (id, site, address, mailbox, language, quota_mailbox, network, token_hash, requested_at, attempts, due_at, claim, claimed_until, expires_at)
VALUES
    ('id: ø ₂ 🦀', 'site: ø ₂ 🦀', 'address: ø ₂ 🦀', 'mailbox: ø ₂ 🦀', 'language: ø ₂ 🦀', x'00ff00', x'00ff01', x'00ff02',
     '1969-12-31T23:59:59.101Z', 9223372036854775807, '1969-12-31T23:59:59.102Z', 'claim: ø ₂ 🦀', '1969-12-31T23:59:59.103Z',
     '1969-12-31T23:59:59.104Z'),
    ('other id', '', '', '', '', x'', NULL, NULL, '0001-01-01T00:00:00.001Z', -9223372036854775808, NULL, NULL, NULL,
     '0001-01-01T00:00:00.001Z'),
    ('third id', '', '', '', '', x'', x'', x'', '2026-11-28T10:00:00.999Z', -1, NULL, '', NULL, '2026-11-28T10:00:00.999Z');

INSERT INTO session_tickets
    (session, ticket, opened_at)
VALUES
    (x'00ff00', 't-é-1', '1969-12-31T23:59:59.101Z'),
    (x'', 't-2', '0001-01-01T00:00:00.001Z');

INSERT INTO unsigned_mails
    (ticket, site, mailbox, session, network, sent_at)
VALUES
    ('t-é-1', 'site: ø ₂ 🦀', x'00ff00', x'00ff01', x'00ff02', '1969-12-31T23:59:59.101Z'),
    ('t-2', '', x'', NULL, NULL, '0001-01-01T00:00:00.001Z');

INSERT INTO erased_submissions
    (site, "key", erased_at)
VALUES
    ('site: ø ₂ 🦀', x'00ff00', '1969-12-31T23:59:59.101Z'),
    ('other site', x'01', '0001-01-01T00:00:00.001Z');

INSERT INTO agents
    (id, name, grants, logged_in_at)
VALUES
    ('ana é', 'name: ø ₂ 🦀', '{"é": "grants"}', '1969-12-31T23:59:59.101Z'),
    ('ben', '', '', '0001-01-01T00:00:00.001Z');

INSERT INTO agent_sessions
    (id, digest, agent, method, credential, address, browser, created_at, seen_at, expires_at)
VALUES
    (21, x'00ff00', 'ana é', 'method: ø ₂ 🦀', x'00ff01', 'address: ø ₂ 🦀', 'browser: ø ₂ 🦀', '1969-12-31T23:59:59.101Z',
     '1969-12-31T23:59:59.102Z', '1969-12-31T23:59:59.103Z'),
    (22, x'', 'ben', '', x'', '', '', '0001-01-01T00:00:00.001Z', '0001-01-01T00:00:00.001Z', '0001-01-01T00:00:00.001Z');

INSERT INTO audit_log
    (number, at, agent, name, address, kind, site, ticket, detail, count)
VALUES
    (31, '1969-12-31T23:59:59.101Z', 'agent: ø ₂ 🦀', 'name: ø ₂ 🦀', 'address: ø ₂ 🦀', 'kind: ø ₂ 🦀', 'site: ø ₂ 🦀', 'ticket: ø ₂ 🦀',
     'detail: ø ₂ 🦀', 9223372036854775807),
    (32, '0001-01-01T00:00:00.001Z', '', '', '', '', '', '', '', -9223372036854775808);

INSERT INTO visit_counts
    (site, week, kind, shown, opened, solved, sent, deflected)
VALUES
    ('site: ø ₂ 🦀', 'week: ø ₂ 🦀', 'kind: ø ₂ 🦀', 9223372036854775807, 9223372036854775806, 9223372036854775805, 9223372036854775804,
     9223372036854775803),
    ('other site', 'other week', 'other kind', -9223372036854775808, -9223372036854775807, -9223372036854775806, -9223372036854775805,
     -9223372036854775804);

INSERT INTO question_counts
    (site, week, question, opened, solved, unhelpful)
VALUES
    ('site: ø ₂ 🦀', 'week: ø ₂ 🦀', 'question: ø ₂ 🦀', 9223372036854775807, 9223372036854775806, 9223372036854775805),
    ('other site', 'other week', 'other question', -9223372036854775808, -9223372036854775807, -9223372036854775806);

INSERT INTO visits
    (week, site, visit, kind, steps, questions)
VALUES
    ('week: ø ₂ 🦀', 'site: ø ₂ 🦀', 'visit: ø ₂ 🦀', 'kind: ø ₂ 🦀', 9223372036854775807, '{"é": "questions"}'),
    ('other week', 'other site', 'other visit', '', -9223372036854775808, '');

INSERT INTO week_sizes
    (week, site, visits, search_misses)
VALUES
    ('week: ø ₂ 🦀', 'site: ø ₂ 🦀', 9223372036854775807, 9223372036854775806),
    ('other week', 'other site', -9223372036854775808, -9223372036854775807);

INSERT INTO search_misses
    (week, site, search, people, words, last_at)
VALUES
    ('week: ø ₂ 🦀', 'site: ø ₂ 🦀', x'00ff00', 9223372036854775807, 'words: ø ₂ 🦀', '1969-12-31T23:59:59.101Z'),
    ('other week', 'other site', x'01', -9223372036854775808, NULL, '0001-01-01T00:00:00.001Z'),
    ('third week', 'third site', x'11', -1, '', '2026-11-28T10:00:00.999Z');

INSERT INTO searchers
    (week, site, search, who)
VALUES
    ('week: ø ₂ 🦀', 'site: ø ₂ 🦀', x'00ff00', x'00ff01'),
    ('other week', 'other site', x'01', x'02');

INSERT INTO questions
    (site, id, source, hash, revision, question)
VALUES
    ('site: ø ₂ 🦀', 'id: ø ₂ 🦀', 'source: ø ₂ 🦀', x'00ff00', 9223372036854775807, 'question: ø ₂ 🦀'),
    ('other site', 'other id', '', x'', -9223372036854775808, '');

INSERT INTO removed_questions
    (site, id, revision, removed_at)
VALUES
    ('site: ø ₂ 🦀', 'id: ø ₂ 🦀', 9223372036854775807, '1969-12-31T23:59:59.101Z'),
    ('other site', 'other id', -9223372036854775808, '0001-01-01T00:00:00.001Z');

INSERT INTO revisions
    (site, revision, oldest)
VALUES
    ('site: ø ₂ 🦀', 9223372036854775807, 9223372036854775806),
    ('other site', -9223372036854775808, -9223372036854775807);

INSERT INTO affected
    (site, incident, who, at)
VALUES
    ('site: ø ₂ 🦀', 'incident: ø ₂ 🦀', x'00ff00', '1969-12-31T23:59:59.101Z'),
    ('other site', 'other incident', x'01', '0001-01-01T00:00:00.001Z');

INSERT INTO incident_counts
    (site, incident, people, last_at)
VALUES
    ('site: ø ₂ 🦀', 'incident: ø ₂ 🦀', 9223372036854775807, '1969-12-31T23:59:59.101Z'),
    ('other site', 'other incident', -9223372036854775808, '0001-01-01T00:00:00.001Z');

INSERT INTO site_tables
    (site, text, updated_at)
VALUES
    ('site: ø ₂ 🦀', 'text: ø ₂ 🦀', '1969-12-31T23:59:59.101Z'),
    ('other site', '', '0001-01-01T00:00:00.001Z');

INSERT INTO reload_reports
    (gateway, revision, error, at)
VALUES
    ('gateway: ø ₂ 🦀', 9223372036854775807, 'error: ø ₂ 🦀', '1969-12-31T23:59:59.101Z'),
    ('other gateway', -9223372036854775808, NULL, '0001-01-01T00:00:00.001Z'),
    ('third gateway', -1, '', '2026-11-28T10:00:00.999Z');

INSERT INTO polls
    (site, destination, until, listed_at, cursor, exported_at, behind)
VALUES
    ('site: ø ₂ 🦀', 'destination: ø ₂ 🦀', '1969-12-31T23:59:59.101Z', '1969-12-31T23:59:59.102Z', '{"é": "cursor"}',
     '1969-12-31T23:59:59.103Z', 1),
    ('other site', 'other destination', '', NULL, NULL, NULL, 0),
    ('third site', 'third destination', '', NULL, '', NULL, 0);

INSERT INTO invocations
    (site, destination, id, at)
VALUES
    ('site: ø ₂ 🦀', 'destination: ø ₂ 🦀', 'id: ø ₂ 🦀', '1969-12-31T23:59:59.101Z'),
    ('other site', 'other destination', 'other id', '0001-01-01T00:00:00.001Z');

-- Numbers that are gone are not given again.
INSERT INTO audit_log (number, at, agent, name, address, kind, site, ticket, detail)
VALUES (40, '2026-11-28T10:00:00.000Z', '', '', '', '', '', '', '');
DELETE FROM audit_log WHERE number = 40;

-- These have one row.
UPDATE question_changes SET count = 9223372036854775807;
UPDATE sites_revision SET revision = 9223372036854775806;
UPDATE resends SET count = 9223372036854775805;

-- Secrets are in two tables, and imports, too: of the second only the end of an import is known, of the third only that it runs.
UPDATE signing SET key = x'00ff01' WHERE what = 'attachments';
UPDATE signing SET key = x'00ff02' WHERE what = 'confirmations';
UPDATE salt SET value = x'00ff03';
INSERT INTO sources (site, source, imported_at)
VALUES
    ('site: ø ₂ 🦀', 'source: ø ₂ 🦀', '1969-12-31T23:59:59.101Z'),
    ('second site', 'second source', '0001-01-01T00:00:00.001Z');
INSERT INTO import_runs (site, source, holder, lease_until, failures, retry_at, progress)
VALUES
    ('site: ø ₂ 🦀', 'source: ø ₂ 🦀', 'holder: ø ₂ 🦀', '1969-12-31T23:59:59.102Z', 9223372036854775807,
     '1969-12-31T23:59:59.103Z', 'progress: ø ₂ 🦀'),
    ('third site', 'third source', '', '', -9223372036854775808, '', '');
