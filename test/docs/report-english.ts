// Prints the findings that are left: npx tsx test/docs/report-english.ts [files and folders]; without any, each file's number of findings.
import { everyFile, findings, meanSentenceLength, passagesOf, sentencesOf, wordsOf } from './plain-english.ts';

const asked = process.argv.slice(2).map((path) => path.replace(/^\.\//, ''));
const files = everyFile().filter((path) => asked.length === 0 || asked.some((start) => path.startsWith(start)));

for (const path of files) {
  const passages = passagesOf(path);
  const found = findings(passages);
  const mean = meanSentenceLength(passages);
  const isPage = path.endsWith('.md');
  if (found.length === 0 && (!isPage || mean <= 16) && asked.length === 0) continue;
  console.log(`${path}: ${found.length} to rewrite${isPage ? `, mean ${mean.toFixed(1)} words` : ''}`);
  if (asked.length === 0) continue;
  for (const { sentence, why } of found) console.log(`  ${why}: ${sentence}`);
  if (!isPage) continue;
  for (const sentence of passages.filter(({ kind }) => kind === 'prose').flatMap(({ text }) => sentencesOf(text)))
    if (wordsOf(sentence).length > 24) console.log(`  ${wordsOf(sentence).length} words: ${sentence}`);
}
