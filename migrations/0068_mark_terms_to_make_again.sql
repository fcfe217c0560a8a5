-- migrate:up

-- Marks the projects whose terms this version makes in another way: texts with long runs of characters
-- without spaces, whose ends were not indexed, and with letters that are folded now. Texts in ASCII are
-- passed over quickly. A migration of its own, since the one before it locks the table.
UPDATE projects SET search_again = true
WHERE deleted_at IS NULL
  AND octet_length(title || description || coalesce(url, ''))
      > char_length(title || description || coalesce(url, ''))
  AND concat_ws(E'\n', title, description, url)
      ~ '[^\u0001-\u007f]{50}|[ʻʽʾʿʺˀꞋꞌ᾽՚‛ÐðĿŀŊŋƎǝƁɓƊɗƉɖƐɛƑƒƓǤɠǥƔɣƗɨƘƙĸƝɲƆɔɄʉƲʋƳƴƵƶƷʒҐґ]|[lL][·‧•\u0387][lL]|[nNsS][·‧•\u0387][hH]';

-- migrate:down
-- Forward only: restore a backup instead.
