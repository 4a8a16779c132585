-- What a console last said about its devices, as JSON; null until it has.

ALTER TABLE console ADD COLUMN signals TEXT;
