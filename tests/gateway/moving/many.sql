-- Sixty tickets like the first one, with what lists are ordered and filtered by: equal and different values in every order, and empty ones.
CREATE TEMP TABLE numbers AS
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60) SELECT n FROM numbers;
CREATE TEMP TABLE original AS SELECT * FROM tickets WHERE site = 'acme' ORDER BY number LIMIT 1;
CREATE TEMP TABLE copies AS SELECT n, original.* FROM numbers, original;
UPDATE copies SET
    id = printf('%08x-0000-4000-8000-000000000000', n * 40503 % 65521),
    number = 1000 + n * 7 % 61,
    reference = printf('DB-%05d', n),
    status = CASE WHEN n % 3 = 0 THEN 'solved' ELSE 'open' END,
    session = CASE WHEN n % 2 = 0 THEN session END,
    person = CASE WHEN n % 2 = 1 THEN 'Ädä' END,
    due_at = CASE WHEN n % 4 = 0 THEN printf('2026-11-28T10:00:%02d.500Z', n) END,
    received_at = printf('2026-11-%02dT10:00:00.%03dZ', 1 + n % 9, n),
    updated_at = printf('2026-11-28T10:00:00.%03dZ', n % 7),
    owner = CASE n % 4 WHEN 0 THEN 'cs' WHEN 1 THEN 'support_engineer' WHEN 2 THEN 'support_hero' END,
    team = CASE n % 5 WHEN 0 THEN 'a team' WHEN 1 THEN 'A team' WHEN 2 THEN 'ä team' ELSE '' END,
    assignee = CASE n % 6 WHEN 0 THEN 'Zoë' WHEN 1 THEN 'ana' ELSE '' END,
    turn = CASE WHEN n % 2 = 0 THEN 'customer' ELSE 'support' END,
    unread = n % 5,
    is_test = n % 11 = 0,
    title = printf('Copy %d', n),
    list_group = n % 4,
    list_key = n * 37 % 11 - 5;
ALTER TABLE copies DROP COLUMN n;
INSERT INTO tickets SELECT * FROM copies;
INSERT INTO ticket_bodies
SELECT copies.id, format, copies.reference || ' excerpt', body
FROM copies, ticket_bodies WHERE ticket = (SELECT id FROM original);
INSERT INTO ticket_tokens SELECT number, 'copied' FROM copies;
INSERT INTO ticket_tokens SELECT number, 'copy' || number % 5 FROM copies;
INSERT INTO messages (ticket, number, author, name, body, at, "key")
SELECT id, n, CASE WHEN n % 2 = 0 THEN 'support' ELSE 'customer' END, 'Zoë', printf('message %d', n), '2026-11-28T10:00:00.000Z', printf('k%d', n)
FROM copies, numbers WHERE n <= copies.number % 9;
INSERT INTO deeds (ticket, number, operator, deed, text, at)
SELECT id, n, 'Zoë', 'noted', printf('note %d', n), '2026-11-28T10:00:00.000Z' FROM copies, numbers WHERE n <= copies.number % 4;
INSERT INTO deliveries (site, destination, ticket, what, state, created_at, due_at, settled_at, told)
SELECT site, 'gone', id, 'ticket', CASE WHEN number % 2 = 0 THEN 'given_up' ELSE 'waiting' END, received_at, received_at,
    CASE WHEN number % 2 = 0 THEN updated_at END, printf('reason %d', number) FROM copies;
INSERT INTO attachments (site, id, session, name, type, size, file, put_at, ticket, number, place, metadata)
SELECT site, id, session, 'ß.txt', 'text/plain', number, printf('file-%d', number), received_at, id, 1, number % 3, 0 FROM copies;
INSERT INTO agents (id, name, grants, logged_in_at) VALUES ('zoë', 'Zoë', '[]', '2026-11-28T10:00:00.000Z');
INSERT INTO agent_sessions (digest, agent, method, credential, address, browser, created_at, seen_at, expires_at)
SELECT CAST(printf('%032d', n) AS BLOB), 'zoë', 'token', CAST(printf('%032d', n) AS BLOB), '', printf('browser %d', n), '2026-11-28T10:00:00.000Z',
    '2026-11-28T10:00:00.000Z', '9000-01-01T00:00:00.000Z' FROM numbers;
INSERT INTO audit_log (at, agent, name, address, kind, site, ticket, detail)
SELECT '2026-11-28T10:00:00.000Z', CASE WHEN n % 2 = 0 THEN 'zoë' ELSE 'ana' END, 'Zoë', '', 'ticket_read', 'acme', printf('DB-%05d', n), ''
FROM numbers;
INSERT INTO questions (site, id, source, hash, revision, question)
SELECT 'signed', printf('%s-%d', CASE n % 4 WHEN 0 THEN 'q' WHEN 1 THEN 'Q' WHEN 2 THEN 'ä' ELSE '_' END, n), source, hash, revision + n % 3,
    json_set(question, '$.id', printf('%s-%d', CASE n % 4 WHEN 0 THEN 'q' WHEN 1 THEN 'Q' WHEN 2 THEN 'ä' ELSE '_' END, n))
FROM numbers, (SELECT * FROM questions WHERE site = 'signed' AND id = 'q-1');
INSERT INTO question_counts (site, week, question, opened, solved, unhelpful)
SELECT site, '2026-11-23', id, 1 + revision % 2, revision % 3, 0 FROM questions;
INSERT INTO search_misses (week, site, search, people, words, last_at)
SELECT '2026-11-23', 'signed', CAST(printf('%032d', n) AS BLOB), 3 + n % 4, printf('words %d', n), printf('2026-11-%02dT10:00:00.000Z', 1 + n % 28)
FROM numbers;
INSERT INTO visit_counts (site, week, kind, shown, opened, solved, sent, deflected)
SELECT 'signed', printf('2026-11-%02d', 1 + n % 28), CASE WHEN n % 2 = 0 THEN 'bug' ELSE 'question' END, n, n % 5, n % 3, n % 2, 1
FROM numbers WHERE n <= 28;
