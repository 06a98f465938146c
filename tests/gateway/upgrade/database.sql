PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'tickets and questions','2026-11-28 05:42:45',1,X'1dc4f91affabf88d8f32069804b9666e88b7df8bf57d2cd9bf91f040686a302b4f3e6f1ec154b508c67b8af43ba9d4e9',1593457);
INSERT INTO _sqlx_migrations VALUES(2,'sources','2026-11-28 05:42:45',1,X'6443566e8024058dccdc51544d6b96eb03d093d992b3c1f5deb196e4dab45b577387f0981d465ebaacd9285ccdf3b1cd',1220846);
INSERT INTO _sqlx_migrations VALUES(3,'events','2026-11-28 05:42:45',1,X'6c69cb7c861b99cd5b87a21d70ed271ed0683e678d996385c499883d4b8d4186ed4274638b1cd467b9ae6acbd76f894c',1111324);
INSERT INTO _sqlx_migrations VALUES(4,'people','2026-11-28 05:42:45',1,X'6e92d93f2828943e89a0cc080d843076817f1a67c4e785861f794a2d3c74ff807ee2c504e4681ff3564813101e676766',1290175);
INSERT INTO _sqlx_migrations VALUES(5,'conversations','2026-11-28 05:42:45',1,X'42f3e1b9c8f08d6d24e8d1eb5c98ee4c026a9b7cda239afe4f6487e55a4b9be0ed29aca346264e59ca557c48cdd74e7b',6419671);
INSERT INTO _sqlx_migrations VALUES(6,'operators','2026-11-28 05:42:45',1,X'5b60a1ecd0fd12fb9ec1f13c844c62c8571df0c71e6349e10b072dd9f129ddc12af290a9fd7d248372fd2f33d8504232',723859);
INSERT INTO _sqlx_migrations VALUES(7,'affected','2026-11-28 05:42:45',1,X'84a4dd79afe97fb26660332c53100013125ecc01b535fa638a30d2e8a1dbb6936775dc4e9d4052bd2e861c37a56855da',591145);
INSERT INTO _sqlx_migrations VALUES(8,'attachments','2026-11-28 05:42:45',1,X'c30b99bb3bd67b88b1560fe6745b9d52d96dfcfbf8ed0524753bfa2e3b2d8dde03bbad4a86131a158cf9a0781f4fa716',1360826);
INSERT INTO _sqlx_migrations VALUES(9,'mails','2026-11-28 05:42:45',1,X'88fecb76a74a21116aed2eee608512dacec26fc4f4809fa59ffbe9d60fd4f937d1b949ed0cce8a753e24f3f66c4988d2',1424540);
INSERT INTO _sqlx_migrations VALUES(10,'deliveries','2026-11-28 05:42:45',1,X'33d27f736b3bdaaee1826a58fb20a7c5166c520999c2d2be1a1c6cb31d60124c0b8cf37babc0dc7ad1e3960dce37555b',2285673);
CREATE TABLE tickets (
    id          TEXT PRIMARY KEY,
    site        TEXT NOT NULL,
    reference   TEXT NOT NULL UNIQUE,
    status      TEXT NOT NULL,
    priority    TEXT,
    target      TEXT,
    due_at      TEXT,
    received_at TEXT NOT NULL,
    session     BLOB,
    ticket      TEXT NOT NULL
, person TEXT, topic TEXT NOT NULL DEFAULT '', severity TEXT NOT NULL DEFAULT 'low', owner TEXT, team TEXT NOT NULL DEFAULT '', assignee TEXT NOT NULL DEFAULT '', turn TEXT NOT NULL DEFAULT 'support', answered_at TEXT, updated_at TEXT NOT NULL DEFAULT '', read_until INTEGER NOT NULL DEFAULT 0, words TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO tickets VALUES('01a220ad-6b8e-7493-9baa-014987436658','desk','DB-DS629','open','high','{"severity":"high","priority":"high","hours":1,"owner":"cs"}',NULL,'2026-11-28T05:42:45.902Z',NULL,'{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 0 of before: the export stops at row 0 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-7","name":"Ada","email":"ada@acme.example","plan":"enterprise","role":"","organization":{"id":"","name":""},"verified":true},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}','u-7','billing','high','cs','growth','','support',NULL,'2026-11-28T05:42:45.902Z',0,'db-ds629 ben ben@example.com u-7 ada ada@acme.example ticket 0 of before: the export stops at row 0 grusse');
INSERT INTO tickets VALUES('01a220ad-6bdb-7526-834b-aecfb843efe8','desk','DB-EQTW6','open',NULL,NULL,NULL,'2026-11-28T05:42:45.979Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 1 of before: the export stops at row 100 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"attachments":["11111111-1111-4111-8111-111111111111"],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','support',NULL,'2026-11-28T05:42:45.989Z',0,'db-eqtw6 ben ben@example.com u-9 ben ben@example.com ticket 1 of before: the export stops at row 100 grusse more about ticket 1');
INSERT INTO tickets VALUES('01a220ad-6bf1-7440-a986-db053de6eb68','desk','DB-5EAHT','solved',NULL,NULL,NULL,'2026-11-28T05:42:46.001Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 2 of before: the export stops at row 200 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','customer',NULL,'2026-11-28T05:42:46.007Z',0,'db-5eaht ben ben@example.com u-9 ben ben@example.com ticket 2 of before: the export stops at row 200 grusse more about ticket 2 ');
INSERT INTO tickets VALUES('01a220ad-6c0a-72cb-8cb3-2a2d40d97273','desk','DB-G3TC9','open','high','{"severity":"high","priority":"high","hours":1,"owner":"cs"}',NULL,'2026-11-28T05:42:46.026Z',NULL,'{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 3 of before: the export stops at row 300 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-7","name":"Ada","email":"ada@acme.example","plan":"enterprise","role":"","organization":{"id":"","name":""},"verified":true},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}','u-7','billing','high','cs','growth','','support',NULL,'2026-11-28T05:42:46.036Z',0,'db-g3tc9 ben ben@example.com u-7 ada ada@acme.example ticket 3 of before: the export stops at row 300 grusse more about ticket 3');
INSERT INTO tickets VALUES('01a220ad-6c1f-77fd-8a01-ac5375985bee','desk','DB-E4T0G','open',NULL,NULL,NULL,'2026-11-28T05:42:46.047Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 4 of before: the export stops at row 400 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','support',NULL,'2026-11-28T05:42:46.047Z',0,'db-e4t0g ben ben@example.com u-9 ben ben@example.com ticket 4 of before: the export stops at row 400 grusse  ');
INSERT INTO tickets VALUES('01a220ad-6c4e-73e1-b659-1a2ee2944c71','desk','DB-V2NK8','open',NULL,NULL,NULL,'2026-11-28T05:42:46.094Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 5 of before: the export stops at row 500 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','customer','2026-11-28T05:42:46.247Z','2026-11-28T05:42:46.247Z',0,'db-v2nk8 ben ben@example.com u-9 ben ben@example.com ticket 5 of before: the export stops at row 500 grusse please reload the page. asked the platform team.');
INSERT INTO tickets VALUES('01a220ad-6c5f-73de-bc60-b8ea9bec42df','desk','DB-AMTHJ','solved','high','{"severity":"high","priority":"high","hours":1,"owner":"cs"}',NULL,'2026-11-28T05:42:46.110Z',NULL,'{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 6 of before: the export stops at row 600 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-7","name":"Ada","email":"ada@acme.example","plan":"enterprise","role":"","organization":{"id":"","name":""},"verified":true},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}','u-7','billing','high','cs','growth','','customer',NULL,'2026-11-28T05:42:46.127Z',0,'db-amthj ben ben@example.com u-7 ada ada@acme.example ticket 6 of before: the export stops at row 600 grusse more about ticket 6 ');
INSERT INTO tickets VALUES('01a220ad-6c9c-702a-99f5-0a6ebb691759','desk','DB-4HGKH','open',NULL,NULL,NULL,'2026-11-28T05:42:46.172Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 7 of before: the export stops at row 700 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','support',NULL,'2026-11-28T05:42:46.172Z',0,'db-4hgkh ben ben@example.com u-9 ben ben@example.com ticket 7 of before: the export stops at row 700 grusse');
INSERT INTO tickets VALUES('01a220ad-6caf-756f-90ec-001939be86d5','desk','DB-J7GW7','open',NULL,NULL,NULL,'2026-11-28T05:42:46.191Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 8 of before: the export stops at row 800 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','support',NULL,'2026-11-28T05:42:46.191Z',0,'db-j7gw7 ben ben@example.com u-9 ben ben@example.com ticket 8 of before: the export stops at row 800 grusse');
INSERT INTO tickets VALUES('01a220ad-6cbd-771c-8561-b77b258cc459','desk','DB-SNQMR','open','high','{"severity":"high","priority":"high","hours":1,"owner":"cs"}',NULL,'2026-11-28T05:42:46.205Z',NULL,'{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 9 of before: the export stops at row 900 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-7","name":"Ada","email":"ada@acme.example","plan":"enterprise","role":"","organization":{"id":"","name":""},"verified":true},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}','u-7','billing','high','cs','growth','','support',NULL,'2026-11-28T05:42:46.205Z',0,'db-snqmr ben ben@example.com u-7 ada ada@acme.example ticket 9 of before: the export stops at row 900 grusse');
INSERT INTO tickets VALUES('01a220ad-6cc8-75cf-b9c9-fb6475bcf956','desk','DB-X5Q5S','open',NULL,NULL,NULL,'2026-11-28T05:42:46.216Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 10 of before: the export stops at row 1000 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','support',NULL,'2026-11-28T05:42:46.216Z',0,'db-x5q5s ben ben@example.com u-9 ben ben@example.com ticket 10 of before: the export stops at row 1000 grusse');
INSERT INTO tickets VALUES('01a220ad-6cdb-74d5-8f28-7a1fef4cac51','desk','DB-Z9R7P','open',NULL,NULL,NULL,'2026-11-28T05:42:46.235Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"bug","topic":"billing","severity":"high","message":"Ticket 11 of before: the export stops at row 1100 Grüße","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','high','support_hero','growth','','support',NULL,'2026-11-28T05:42:46.235Z',0,'db-z9r7p ben ben@example.com u-9 ben ben@example.com ticket 11 of before: the export stops at row 1100 grusse');
INSERT INTO tickets VALUES('01a220ad-6ce2-735b-8c56-b59106fc5f61','plain','DB-PGHH9','open',NULL,NULL,NULL,'2026-11-28T05:42:46.242Z',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','{"kind":"question","topic":"billing","severity":"low","message":"Low, in a site without destinations","contact":{"name":"Ben","email":"ben@example.com"},"context":{"version":0,"frozen_at":"","page":{"url":"https://app.acme.example/x","title":"","referrer":"","canonical":"","open_ms":0,"timings":{}},"user":{"id":"u-9","name":"Ben","email":"ben@example.com","plan":"free","role":"","organization":{"id":"","name":""},"verified":false},"errors":[{"source":"","name":"","message":"x is undefined","stack":"","location":"","first_at":"","at":"2026-11-26T10:00:00Z","count":0,"extension":false}]},"questions":[],"via":"","locale":"","created_at":"","client":{"name":"test","version":"1"}}',NULL,'billing','low','support_hero','','Ana','support',NULL,'2026-11-28T05:42:46.242Z',0,'db-pghh9 ben ben@example.com u-9 ben ben@example.com low, in a site without destinations ana');
CREATE TABLE seals (
    site    TEXT NOT NULL,
    key     TEXT NOT NULL,
    body    BLOB NOT NULL,
    session BLOB,
    ticket  TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;
INSERT INTO seals VALUES('desk','old-0',X'c527d76da07a6921f9e09f4a2b14fdda5852a07399b4371fb4cbdde1db051ee4',NULL,'01a220ad-6b8e-7493-9baa-014987436658');
INSERT INTO seals VALUES('desk','old-1',X'07c0de09cb7f0a42148b4505d9d16d2caa29e9bb7a9d8e045036f9cac3adc8c4',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6bdb-7526-834b-aecfb843efe8');
INSERT INTO seals VALUES('desk','old-10',X'9d71d464358542b9ed55cd992d0b9ffb4bd3a5459091219d258d7803a0656722',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6cc8-75cf-b9c9-fb6475bcf956');
INSERT INTO seals VALUES('desk','old-11',X'5f2198b33d632d4cdc8a7bae1c97ff2d215aaeb388b8c3a5b7ff2f46a7c1ddbc',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6cdb-74d5-8f28-7a1fef4cac51');
INSERT INTO seals VALUES('desk','old-2',X'32d2591e9de4ffe9a47ebb3af7f9d8f4c9ef1ca4bd966d3df22abd15af15751e',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6bf1-7440-a986-db053de6eb68');
INSERT INTO seals VALUES('desk','old-3',X'52e2d77ee245b89a7ac7dba8a858de0a5d131afcddfbbf5326e31a4cae7dda2e',NULL,'01a220ad-6c0a-72cb-8cb3-2a2d40d97273');
INSERT INTO seals VALUES('desk','old-4',X'24eeb42736e190aa841a906e8244bd9028b7aa6eb6ad1df0349d01fdeeb20d18',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6c1f-77fd-8a01-ac5375985bee');
INSERT INTO seals VALUES('desk','old-5',X'88c78a11e973faffc5164ed833be8d9c66c6e2fdb105f944a43b3d43dd0957c9',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6c4e-73e1-b659-1a2ee2944c71');
INSERT INTO seals VALUES('desk','old-6',X'f74ba7ceb6bec9778c0637f629d40684c5242fdba6004c8e5aed938ffde20c3b',NULL,'01a220ad-6c5f-73de-bc60-b8ea9bec42df');
INSERT INTO seals VALUES('desk','old-7',X'd581507c8180ff433b2204b6f8941c236e25dac5ad442706138026ca4113997c',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6c9c-702a-99f5-0a6ebb691759');
INSERT INTO seals VALUES('desk','old-8',X'e5417cbdd70ebf13d59bef1e65780eb51fbfbc9edd6e70112ef9f3a739790624',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6caf-756f-90ec-001939be86d5');
INSERT INTO seals VALUES('desk','old-9',X'ca34499d9b0beb67d6246e074d865fcb135eaad73b4b458e4f92cc5e091f0110',NULL,'01a220ad-6cbd-771c-8561-b77b258cc459');
INSERT INTO seals VALUES('plain','plain',X'5e630c3ab78282ae60fab9b098afce26522ab1f6a1b0b1b4f1f5acf2dde3d58b',X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','01a220ad-6ce2-735b-8c56-b59106fc5f61');
CREATE TABLE questions (
    site     TEXT NOT NULL,
    id       TEXT NOT NULL,
    hash     BLOB NOT NULL,
    question TEXT NOT NULL, source TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (site, id)
) STRICT;
CREATE TABLE revisions (
    site     TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT;
CREATE TABLE sources (
    site        TEXT NOT NULL,
    source      TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    PRIMARY KEY (site, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    site     TEXT NOT NULL,
    week     TEXT NOT NULL,
    visit    TEXT NOT NULL,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    question TEXT NOT NULL,
    PRIMARY KEY (site, week, visit, name, kind, question)
) STRICT, WITHOUT ROWID;
INSERT INTO events VALUES('desk','2026-11-23','abababababababab.1','shown','bug','q-1');
INSERT INTO events VALUES('desk','2026-11-23','abababababababab.1','shown','bug','q-2');
CREATE TABLE unanswered_visitors (
    site    TEXT NOT NULL,
    week    TEXT NOT NULL,
    search  BLOB NOT NULL,
    visitor BLOB NOT NULL,
    PRIMARY KEY (site, week, search, visitor)
) STRICT, WITHOUT ROWID;
CREATE TABLE unanswered (
    site    TEXT NOT NULL,
    week    TEXT NOT NULL,
    search  BLOB NOT NULL,
    words   TEXT NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (site, week, search)
) STRICT, WITHOUT ROWID;
CREATE TABLE salt (value BLOB NOT NULL) STRICT;
INSERT INTO salt VALUES(X'489124940e4d0c61da0cad50243228f7b871564e5b9549761c67015433ac8a3a');
CREATE TABLE messages (
    ticket TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    author TEXT NOT NULL,
    name   TEXT NOT NULL,
    body   TEXT NOT NULL,
    at     TEXT NOT NULL,
    key    TEXT,
    sealed BLOB,
    PRIMARY KEY (ticket, number),
    UNIQUE (ticket, key)
) STRICT, WITHOUT ROWID;
INSERT INTO messages VALUES('01a220ad-6bdb-7526-834b-aecfb843efe8',1,'customer','Ben','More about ticket 1','2026-11-28T05:42:45.989Z','more-1',X'02036162fd418cc7fe0defe1017ba28a81c96ab9d5c0acb77fc3c53215085f7f');
INSERT INTO messages VALUES('01a220ad-6bf1-7440-a986-db053de6eb68',1,'customer','Ben','More about ticket 2','2026-11-28T05:42:46.007Z','more-2',X'39920b84e20024377a91c09c9ab7c5ac3146071031c2706e20e1ffb03f32efb7');
INSERT INTO messages VALUES('01a220ad-6c0a-72cb-8cb3-2a2d40d97273',1,'customer','Ada','More about ticket 3','2026-11-28T05:42:46.036Z','more-3',X'efec9884c89a2151d363b523c34a8734164fd499adbc7c96e59caad169cac01d');
INSERT INTO messages VALUES('01a220ad-6c4e-73e1-b659-1a2ee2944c71',1,'support','','Please reload the page.','2026-11-28T05:42:46.247Z','inbox agent-1',X'74118d0bbc479364c5574a91d0981a73e569cc6fe99d8b7ec3d61bb8086c4d6c');
INSERT INTO messages VALUES('01a220ad-6c5f-73de-bc60-b8ea9bec42df',1,'customer','Ada','More about ticket 6','2026-11-28T05:42:46.127Z','more-6',X'150f55bbb07ac93376363813eb646e5924aa5c0e60e26ba4f1aef2a7726f7536');
CREATE TABLE deeds (
    ticket   TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    operator TEXT NOT NULL,
    deed     TEXT NOT NULL,
    text     TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (ticket, number)
) STRICT, WITHOUT ROWID;
INSERT INTO deeds VALUES('01a220ad-6bf1-7440-a986-db053de6eb68',1,'','solved','','2026-11-28T05:42:46.018Z');
INSERT INTO deeds VALUES('01a220ad-6c1f-77fd-8a01-ac5375985bee',1,'','solved','','2026-11-28T05:42:46.054Z');
INSERT INTO deeds VALUES('01a220ad-6c1f-77fd-8a01-ac5375985bee',2,'','reopened','','2026-11-28T05:42:46.072Z');
INSERT INTO deeds VALUES('01a220ad-6c4e-73e1-b659-1a2ee2944c71',1,'Support','noted','Asked the platform team.','2026-11-28T05:42:46.259Z');
INSERT INTO deeds VALUES('01a220ad-6c5f-73de-bc60-b8ea9bec42df',1,'','solved','','2026-11-28T05:42:46.152Z');
INSERT INTO deeds VALUES('01a220ad-6ce2-735b-8c56-b59106fc5f61',1,'Support','assigned','Ana','2026-11-28T05:42:46.271Z');
CREATE TABLE operators (
    session  BLOB PRIMARY KEY,
    operator TEXT NOT NULL,
    until    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE affected (
    site     TEXT NOT NULL,
    incident TEXT NOT NULL,
    who      BLOB NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (site, incident, who)
) STRICT, WITHOUT ROWID;
CREATE TABLE attachments (
    site    TEXT NOT NULL,
    id      TEXT NOT NULL,
    person  TEXT,
    session BLOB,
    name    TEXT NOT NULL,
    type    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    file    TEXT NOT NULL,
    put_at  TEXT NOT NULL,
    -- The message that it goes along with, and its place among those that do; none until it is sent.
    ticket  TEXT REFERENCES tickets (id) ON DELETE CASCADE,
    number  INTEGER,
    place   INTEGER,
    PRIMARY KEY (site, id)
) STRICT;
INSERT INTO attachments VALUES('desk','11111111-1111-4111-8111-111111111111',NULL,X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','log.txt','text/plain',16,'2f264301-27e3-4fe1-a77a-e6f986c31b10','2026-11-28T05:42:45.872Z','01a220ad-6bdb-7526-834b-aecfb843efe8',0,0);
INSERT INTO attachments VALUES('desk','22222222-2222-4222-8222-222222222222',NULL,X'a8faed6abbf35c12a4b26e40f6feb19d736d90045c83b9f9a31f638d323e6811','unsent.txt','text/plain',11,'02a4b556-7b3f-4c84-b3a2-7c0dd1de4be5','2026-11-28T05:42:45.892Z',NULL,NULL,NULL);
CREATE TABLE signing (
    what TEXT PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT;
INSERT INTO signing VALUES('attachments',X'555395c32de3b5375db254e25b6681b70c4f2417eb8b1f69c1acb0306c7952e5');
CREATE TABLE mails (
    ticket     TEXT PRIMARY KEY REFERENCES tickets (id) ON DELETE CASCADE,
    site       TEXT NOT NULL,
    address    TEXT NOT NULL,
    -- The address as it is counted; none where it is signed.
    counted    TEXT,
    created_at TEXT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    -- When it is tried next; none where nothing more is done about it.
    due_at     TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO mails VALUES('01a220ad-6b8e-7493-9baa-014987436658','desk','ada@acme.example',NULL,'2026-11-28T05:42:45.902Z',2,'2026-11-28T05:42:52.638Z');
INSERT INTO mails VALUES('01a220ad-6bdb-7526-834b-aecfb843efe8','desk','ben@example.com','ben@example.com','2026-11-28T05:42:45.979Z',2,'2026-11-28T05:42:51.455Z');
INSERT INTO mails VALUES('01a220ad-6bf1-7440-a986-db053de6eb68','desk','ben@example.com','ben@example.com','2026-11-28T05:42:46.001Z',2,'2026-11-28T05:42:51.263Z');
INSERT INTO mails VALUES('01a220ad-6c0a-72cb-8cb3-2a2d40d97273','desk','ada@acme.example',NULL,'2026-11-28T05:42:46.026Z',2,'2026-11-28T05:42:52.769Z');
INSERT INTO mails VALUES('01a220ad-6c1f-77fd-8a01-ac5375985bee','desk','ben@example.com','ben@example.com','2026-11-28T05:42:46.047Z',2,'2026-11-28T05:42:52.174Z');
INSERT INTO mails VALUES('01a220ad-6c5f-73de-bc60-b8ea9bec42df','desk','ada@acme.example',NULL,'2026-11-28T05:42:46.110Z',2,'2026-11-28T05:42:51.357Z');
INSERT INTO mails VALUES('01a220ad-6cbd-771c-8561-b77b258cc459','desk','ada@acme.example',NULL,'2026-11-28T05:42:46.205Z',2,'2026-11-28T05:42:51.107Z');
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    ticket      TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    what        TEXT NOT NULL,
    -- The message, where it is one.
    number      INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL DEFAULT 'waiting',
    created_at  TEXT NOT NULL,
    -- When it is tried next, or until when it is in somebody's hands.
    due_at      TEXT NOT NULL,
    -- When it was tried first; none until then.
    tried_at    TEXT,
    -- When it was delivered or given up; none while it waits.
    settled_at  TEXT,
    tries       INTEGER NOT NULL DEFAULT 0,
    -- How often it failed by itself, while others got through.
    failures    INTEGER NOT NULL DEFAULT 0,
    -- What the destination calls it.
    remote      TEXT NOT NULL DEFAULT '',
    -- Why it is not there, or what of it is not; a line each.
    told        TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO deliveries VALUES(1,'desk','channel','01a220ad-6b8e-7493-9baa-014987436658','ticket',0,'waiting','2026-11-28T05:42:45.902Z','2026-11-28T05:42:47.602Z','2026-11-28T05:42:45.909Z',NULL,2,0,'','127.0.0.1 cannot be reached: Connection refused (os error 111)');
INSERT INTO deliveries VALUES(2,'desk','desk','01a220ad-6b8e-7493-9baa-014987436658','ticket',0,'waiting','2026-11-28T05:42:45.902Z','2026-11-28T05:42:48.041Z','2026-11-28T05:42:45.909Z',NULL,2,0,'','Zendesk cannot be reached: Connection refused (os error 111)');
INSERT INTO deliveries VALUES(3,'desk','mailbox','01a220ad-6b8e-7493-9baa-014987436658','ticket',0,'waiting','2026-11-28T05:42:45.902Z','2026-11-28T05:42:47.794Z','2026-11-28T05:42:45.909Z',NULL,2,0,'','Connection refused (os error 111)');
INSERT INTO deliveries VALUES(4,'desk','own','01a220ad-6b8e-7493-9baa-014987436658','ticket',0,'waiting','2026-11-28T05:42:45.902Z','2026-11-28T05:42:47.966Z','2026-11-28T05:42:45.909Z',NULL,2,0,'','127.0.0.1 cannot be reached: Connection refused (os error 111)');
INSERT INTO deliveries VALUES(5,'desk','channel','01a220ad-6bdb-7526-834b-aecfb843efe8','ticket',0,'waiting','2026-11-28T05:42:45.979Z','2026-11-28T05:42:45.979Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(6,'desk','desk','01a220ad-6bdb-7526-834b-aecfb843efe8','ticket',0,'waiting','2026-11-28T05:42:45.979Z','2026-11-28T05:42:45.979Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(7,'desk','mailbox','01a220ad-6bdb-7526-834b-aecfb843efe8','ticket',0,'waiting','2026-11-28T05:42:45.979Z','2026-11-28T05:42:45.979Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(8,'desk','own','01a220ad-6bdb-7526-834b-aecfb843efe8','ticket',0,'waiting','2026-11-28T05:42:45.979Z','2026-11-28T05:42:45.979Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(9,'desk','desk','01a220ad-6bdb-7526-834b-aecfb843efe8','message',1,'waiting','2026-11-28T05:42:45.989Z','2026-11-28T05:42:45.989Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(10,'desk','mailbox','01a220ad-6bdb-7526-834b-aecfb843efe8','message',1,'waiting','2026-11-28T05:42:45.989Z','2026-11-28T05:42:45.989Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(11,'desk','own','01a220ad-6bdb-7526-834b-aecfb843efe8','message',1,'waiting','2026-11-28T05:42:45.989Z','2026-11-28T05:42:45.989Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(12,'desk','channel','01a220ad-6bf1-7440-a986-db053de6eb68','ticket',0,'waiting','2026-11-28T05:42:46.001Z','2026-11-28T05:42:46.001Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(13,'desk','desk','01a220ad-6bf1-7440-a986-db053de6eb68','ticket',0,'waiting','2026-11-28T05:42:46.001Z','2026-11-28T05:42:46.001Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(14,'desk','mailbox','01a220ad-6bf1-7440-a986-db053de6eb68','ticket',0,'waiting','2026-11-28T05:42:46.001Z','2026-11-28T05:42:46.001Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(15,'desk','own','01a220ad-6bf1-7440-a986-db053de6eb68','ticket',0,'waiting','2026-11-28T05:42:46.001Z','2026-11-28T05:42:46.001Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(16,'desk','desk','01a220ad-6bf1-7440-a986-db053de6eb68','message',1,'waiting','2026-11-28T05:42:46.007Z','2026-11-28T05:42:46.007Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(17,'desk','mailbox','01a220ad-6bf1-7440-a986-db053de6eb68','message',1,'waiting','2026-11-28T05:42:46.007Z','2026-11-28T05:42:46.007Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(18,'desk','own','01a220ad-6bf1-7440-a986-db053de6eb68','message',1,'waiting','2026-11-28T05:42:46.007Z','2026-11-28T05:42:46.007Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(19,'desk','desk','01a220ad-6bf1-7440-a986-db053de6eb68','solved',0,'waiting','2026-11-28T05:42:46.018Z','2026-11-28T05:42:46.018Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(20,'desk','mailbox','01a220ad-6bf1-7440-a986-db053de6eb68','solved',0,'waiting','2026-11-28T05:42:46.018Z','2026-11-28T05:42:46.018Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(21,'desk','own','01a220ad-6bf1-7440-a986-db053de6eb68','solved',0,'waiting','2026-11-28T05:42:46.018Z','2026-11-28T05:42:46.018Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(22,'desk','channel','01a220ad-6c0a-72cb-8cb3-2a2d40d97273','ticket',0,'waiting','2026-11-28T05:42:46.026Z','2026-11-28T05:42:46.026Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(23,'desk','desk','01a220ad-6c0a-72cb-8cb3-2a2d40d97273','ticket',0,'waiting','2026-11-28T05:42:46.026Z','2026-11-28T05:42:46.026Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(24,'desk','mailbox','01a220ad-6c0a-72cb-8cb3-2a2d40d97273','ticket',0,'waiting','2026-11-28T05:42:46.026Z','2026-11-28T05:42:46.026Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(25,'desk','own','01a220ad-6c0a-72cb-8cb3-2a2d40d97273','ticket',0,'waiting','2026-11-28T05:42:46.026Z','2026-11-28T05:42:46.026Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(26,'desk','desk','01a220ad-6c0a-72cb-8cb3-2a2d40d97273','message',1,'waiting','2026-11-28T05:42:46.036Z','2026-11-28T05:42:46.036Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(27,'desk','mailbox','01a220ad-6c0a-72cb-8cb3-2a2d40d97273','message',1,'waiting','2026-11-28T05:42:46.036Z','2026-11-28T05:42:46.036Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(28,'desk','own','01a220ad-6c0a-72cb-8cb3-2a2d40d97273','message',1,'waiting','2026-11-28T05:42:46.036Z','2026-11-28T05:42:46.036Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(29,'desk','channel','01a220ad-6c1f-77fd-8a01-ac5375985bee','ticket',0,'waiting','2026-11-28T05:42:46.047Z','2026-11-28T05:42:46.047Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(30,'desk','desk','01a220ad-6c1f-77fd-8a01-ac5375985bee','ticket',0,'waiting','2026-11-28T05:42:46.047Z','2026-11-28T05:42:46.047Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(31,'desk','mailbox','01a220ad-6c1f-77fd-8a01-ac5375985bee','ticket',0,'waiting','2026-11-28T05:42:46.047Z','2026-11-28T05:42:46.047Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(32,'desk','own','01a220ad-6c1f-77fd-8a01-ac5375985bee','ticket',0,'waiting','2026-11-28T05:42:46.047Z','2026-11-28T05:42:46.047Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(33,'desk','desk','01a220ad-6c1f-77fd-8a01-ac5375985bee','solved',0,'waiting','2026-11-28T05:42:46.054Z','2026-11-28T05:42:46.054Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(34,'desk','mailbox','01a220ad-6c1f-77fd-8a01-ac5375985bee','solved',0,'waiting','2026-11-28T05:42:46.054Z','2026-11-28T05:42:46.054Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(35,'desk','own','01a220ad-6c1f-77fd-8a01-ac5375985bee','solved',0,'waiting','2026-11-28T05:42:46.054Z','2026-11-28T05:42:46.054Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(36,'desk','desk','01a220ad-6c1f-77fd-8a01-ac5375985bee','reopened',0,'waiting','2026-11-28T05:42:46.072Z','2026-11-28T05:42:46.072Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(37,'desk','mailbox','01a220ad-6c1f-77fd-8a01-ac5375985bee','reopened',0,'waiting','2026-11-28T05:42:46.072Z','2026-11-28T05:42:46.072Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(38,'desk','own','01a220ad-6c1f-77fd-8a01-ac5375985bee','reopened',0,'waiting','2026-11-28T05:42:46.072Z','2026-11-28T05:42:46.072Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(39,'desk','channel','01a220ad-6c4e-73e1-b659-1a2ee2944c71','ticket',0,'waiting','2026-11-28T05:42:46.094Z','2026-11-28T05:42:46.094Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(40,'desk','desk','01a220ad-6c4e-73e1-b659-1a2ee2944c71','ticket',0,'waiting','2026-11-28T05:42:46.094Z','2026-11-28T05:42:46.094Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(41,'desk','mailbox','01a220ad-6c4e-73e1-b659-1a2ee2944c71','ticket',0,'waiting','2026-11-28T05:42:46.094Z','2026-11-28T05:42:46.094Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(42,'desk','own','01a220ad-6c4e-73e1-b659-1a2ee2944c71','ticket',0,'waiting','2026-11-28T05:42:46.094Z','2026-11-28T05:42:46.094Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(43,'desk','channel','01a220ad-6c5f-73de-bc60-b8ea9bec42df','ticket',0,'waiting','2026-11-28T05:42:46.110Z','2026-11-28T05:42:46.110Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(44,'desk','desk','01a220ad-6c5f-73de-bc60-b8ea9bec42df','ticket',0,'waiting','2026-11-28T05:42:46.110Z','2026-11-28T05:42:46.110Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(45,'desk','mailbox','01a220ad-6c5f-73de-bc60-b8ea9bec42df','ticket',0,'waiting','2026-11-28T05:42:46.110Z','2026-11-28T05:42:46.110Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(46,'desk','own','01a220ad-6c5f-73de-bc60-b8ea9bec42df','ticket',0,'waiting','2026-11-28T05:42:46.110Z','2026-11-28T05:42:46.110Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(47,'desk','desk','01a220ad-6c5f-73de-bc60-b8ea9bec42df','message',1,'waiting','2026-11-28T05:42:46.127Z','2026-11-28T05:42:46.127Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(48,'desk','mailbox','01a220ad-6c5f-73de-bc60-b8ea9bec42df','message',1,'waiting','2026-11-28T05:42:46.127Z','2026-11-28T05:42:46.127Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(49,'desk','own','01a220ad-6c5f-73de-bc60-b8ea9bec42df','message',1,'waiting','2026-11-28T05:42:46.127Z','2026-11-28T05:42:46.127Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(50,'desk','desk','01a220ad-6c5f-73de-bc60-b8ea9bec42df','solved',0,'waiting','2026-11-28T05:42:46.152Z','2026-11-28T05:42:46.152Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(51,'desk','mailbox','01a220ad-6c5f-73de-bc60-b8ea9bec42df','solved',0,'waiting','2026-11-28T05:42:46.152Z','2026-11-28T05:42:46.152Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(52,'desk','own','01a220ad-6c5f-73de-bc60-b8ea9bec42df','solved',0,'waiting','2026-11-28T05:42:46.152Z','2026-11-28T05:42:46.152Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(53,'desk','channel','01a220ad-6c9c-702a-99f5-0a6ebb691759','ticket',0,'waiting','2026-11-28T05:42:46.172Z','2026-11-28T05:42:46.172Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(54,'desk','desk','01a220ad-6c9c-702a-99f5-0a6ebb691759','ticket',0,'waiting','2026-11-28T05:42:46.172Z','2026-11-28T05:42:46.172Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(55,'desk','mailbox','01a220ad-6c9c-702a-99f5-0a6ebb691759','ticket',0,'waiting','2026-11-28T05:42:46.172Z','2026-11-28T05:42:46.172Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(56,'desk','own','01a220ad-6c9c-702a-99f5-0a6ebb691759','ticket',0,'waiting','2026-11-28T05:42:46.172Z','2026-11-28T05:42:46.172Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(57,'desk','channel','01a220ad-6caf-756f-90ec-001939be86d5','ticket',0,'waiting','2026-11-28T05:42:46.191Z','2026-11-28T05:42:46.191Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(58,'desk','desk','01a220ad-6caf-756f-90ec-001939be86d5','ticket',0,'waiting','2026-11-28T05:42:46.191Z','2026-11-28T05:42:46.191Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(59,'desk','mailbox','01a220ad-6caf-756f-90ec-001939be86d5','ticket',0,'waiting','2026-11-28T05:42:46.191Z','2026-11-28T05:42:46.191Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(60,'desk','own','01a220ad-6caf-756f-90ec-001939be86d5','ticket',0,'waiting','2026-11-28T05:42:46.191Z','2026-11-28T05:42:46.191Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(61,'desk','channel','01a220ad-6cbd-771c-8561-b77b258cc459','ticket',0,'waiting','2026-11-28T05:42:46.205Z','2026-11-28T05:42:46.205Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(62,'desk','desk','01a220ad-6cbd-771c-8561-b77b258cc459','ticket',0,'waiting','2026-11-28T05:42:46.205Z','2026-11-28T05:42:46.205Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(63,'desk','mailbox','01a220ad-6cbd-771c-8561-b77b258cc459','ticket',0,'waiting','2026-11-28T05:42:46.205Z','2026-11-28T05:42:46.205Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(64,'desk','own','01a220ad-6cbd-771c-8561-b77b258cc459','ticket',0,'waiting','2026-11-28T05:42:46.205Z','2026-11-28T05:42:46.205Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(65,'desk','channel','01a220ad-6cc8-75cf-b9c9-fb6475bcf956','ticket',0,'waiting','2026-11-28T05:42:46.216Z','2026-11-28T05:42:46.216Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(66,'desk','desk','01a220ad-6cc8-75cf-b9c9-fb6475bcf956','ticket',0,'waiting','2026-11-28T05:42:46.216Z','2026-11-28T05:42:46.216Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(67,'desk','mailbox','01a220ad-6cc8-75cf-b9c9-fb6475bcf956','ticket',0,'waiting','2026-11-28T05:42:46.216Z','2026-11-28T05:42:46.216Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(68,'desk','own','01a220ad-6cc8-75cf-b9c9-fb6475bcf956','ticket',0,'waiting','2026-11-28T05:42:46.216Z','2026-11-28T05:42:46.216Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(69,'desk','channel','01a220ad-6cdb-74d5-8f28-7a1fef4cac51','ticket',0,'waiting','2026-11-28T05:42:46.235Z','2026-11-28T05:42:46.235Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(70,'desk','desk','01a220ad-6cdb-74d5-8f28-7a1fef4cac51','ticket',0,'waiting','2026-11-28T05:42:46.235Z','2026-11-28T05:42:46.235Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(71,'desk','mailbox','01a220ad-6cdb-74d5-8f28-7a1fef4cac51','ticket',0,'waiting','2026-11-28T05:42:46.235Z','2026-11-28T05:42:46.235Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(72,'desk','own','01a220ad-6cdb-74d5-8f28-7a1fef4cac51','ticket',0,'waiting','2026-11-28T05:42:46.235Z','2026-11-28T05:42:46.235Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(73,'desk','desk','01a220ad-6c4e-73e1-b659-1a2ee2944c71','message',1,'waiting','2026-11-28T05:42:46.247Z','2026-11-28T05:42:46.247Z',NULL,NULL,0,0,'','');
INSERT INTO deliveries VALUES(74,'desk','own','01a220ad-6c4e-73e1-b659-1a2ee2944c71','message',1,'waiting','2026-11-28T05:42:46.247Z','2026-11-28T05:42:46.247Z',NULL,NULL,0,0,'','');
CREATE TABLE places (
    ticket      TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    -- What the destination calls the ticket, and whose it is there.
    remote      TEXT NOT NULL,
    requester   TEXT NOT NULL,
    -- When it is looked at next; none where nothing is expected.
    look_at     TEXT,
    PRIMARY KEY (ticket, destination)
) STRICT, WITHOUT ROWID;
CREATE TABLE invocations (
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    id          TEXT NOT NULL,
    at          TEXT NOT NULL,
    PRIMARY KEY (site, destination, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE polls (
    site        TEXT NOT NULL,
    destination TEXT NOT NULL,
    until       TEXT NOT NULL,
    PRIMARY KEY (site, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_by_time ON tickets (received_at DESC, id DESC);
CREATE INDEX tickets_by_person ON tickets (site, person) WHERE person IS NOT NULL;
CREATE INDEX tickets_by_session ON tickets (site, session) WHERE session IS NOT NULL;
CREATE INDEX attachments_by_ticket ON attachments (ticket, number, place) WHERE ticket IS NOT NULL;
CREATE INDEX attachments_by_time ON attachments (put_at) WHERE ticket IS NULL;
CREATE INDEX attachments_by_session ON attachments (site, session) WHERE session IS NOT NULL;
CREATE INDEX mails_due ON mails (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_counted ON mails (counted, created_at) WHERE counted IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (site, destination, id) WHERE state = 'waiting';
CREATE INDEX deliveries_given_up ON deliveries (id) WHERE state = 'given_up';
CREATE INDEX deliveries_by_ticket ON deliveries (ticket, destination, id);
CREATE UNIQUE INDEX places_by_remote ON places (site, destination, remote);
CREATE INDEX places_to_look_at ON places (site, destination, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX invocations_by_time ON invocations (site, destination, at);
COMMIT;
