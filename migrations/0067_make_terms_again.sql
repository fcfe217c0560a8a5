-- migrate:up

-- Whether the terms of a project have to be made again although its texts have not changed, since this
-- version makes other terms: 0068 marks the projects. The version before this one does not know the
-- column, so its worker takes no mark away, and the projects that it still inserts have the mark. A
-- default that comes after the column leaves the projects that are there without one.
ALTER TABLE projects ADD COLUMN search_again boolean;
ALTER TABLE projects ALTER COLUMN search_again SET DEFAULT true;
CREATE INDEX projects_search_again ON projects (id) WHERE search_again;

-- migrate:down
-- Forward only: restore a backup instead.
