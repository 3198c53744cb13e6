export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

/** An item as a person reads it. */
export type PlainItem = Readonly<Record<string, PlainValue>>;

type AttributeValue = Readonly<Record<string, unknown>>;

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html; bytes stay base64. */
export function toPlainItem(item: Readonly<Record<string, AttributeValue>>): PlainItem {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toPlainValue(value)]));
}

function toPlainValue(value: AttributeValue): PlainValue {
  const [[type, content] = []] = Object.entries(value);
  switch (type) {
    case 'N':
      return toPlainNumber(String(content));
    case 'NS':
      return (content as readonly string[]).map(toPlainNumber);
    case 'NULL':
      return null;
    case 'L':
      return (content as readonly AttributeValue[]).map(toPlainValue);
    case 'M':
      return toPlainItem(content as Readonly<Record<string, AttributeValue>>);
    default:
      return content as PlainValue;
  }
}

/** DynamoDB keeps 38 digits: what a number of JavaScript cannot hold stays text. */
function toPlainNumber(text: string): PlainValue {
  const number = Number(text);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
}
