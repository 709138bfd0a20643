// Evaluates GitHub workflow expressions with GitHub's own library, whose folder is the argument. Each line of input is
// JSON with an expression, its contexts and the results of the status functions; each line of output is the JSON value.
import {createInterface} from "node:readline";
import {pathToFileURL} from "node:url";

const {data, Evaluator, Lexer, Parser} = await import(pathToFileURL(`${process.argv[2]}/dist/index.js`));

for await (const line of createInterface({input: process.stdin})) {
  const {expression, contexts, status} = JSON.parse(line);
  const functions = new Map(Object.entries(status).map(([name, value]) =>
    [name, {name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value)}]));
  const parser = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), [...functions.values()]);
  const context = JSON.parse(JSON.stringify(contexts), data.reviver);
  const value = new Evaluator(parser.parse(), context, functions).evaluate();
  console.log(JSON.stringify(value, data.replacer));
}
