// Orders in a DynamoDB table. Lambda's runtime brings the AWS SDK.
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";

const TableName = process.env.TABLE_NAME;
const dynamodb = new DynamoDBClient({});

const json = (statusCode, body) => ({
  statusCode,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

const order = (item) => ({
  id: item.pk.S,
  product: item.product.S,
  quantity: Number(item.quantity.N),
  status: item.status.S,
});

function parsed(event) {
  try {
    return JSON.parse(event.body ?? "") ?? {};
  } catch {
    return {};
  }
}

async function put(id, event, statusCode) {
  const { product, quantity, status = "NEW" } = parsed(event);
  if (typeof product !== "string" || !product || !(quantity > 0) || typeof status !== "string") {
    return json(400, { message: "An order needs a product and a quantity." });
  }
  const item = {
    pk: { S: id },
    product: { S: product },
    quantity: { N: String(quantity) },
    status: { S: status },
  };
  await dynamodb.send(new PutItemCommand({ TableName, Item: item }));
  return json(statusCode, order(item));
}

const create = (event) => put(randomUUID(), event, 201);
const replace = (event) => put(event.pathParameters.id, event, 200);

async function read({ pathParameters: { id } }) {
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: id } } }));
  return Item ? json(200, order(Item)) : json(404, { message: `There is no order ${id}.` });
}

const health = () => json(200, { status: "ok", region: process.env.AWS_REGION });
const routes = { "POST /orders": create, "GET /orders/{id}": read, "PUT /orders/{id}": replace };
routes["GET /health"] = health;

export const handler = async (event) => routes[`${event.httpMethod} ${event.resource}`](event);
