//! The description of a route in the OpenAPI document: its parameters, body, responses and errors.

use aide::OperationOutput;
use aide::generate::{GenContext, in_context};
use aide::openapi::{
    HeaderStyle, MediaType, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathStyle, ReferenceOr,
    RequestBody, Response, SchemaObject, SecurityRequirement, StatusCode,
};
use aide::operation::{ParamLocation, add_parameters, parameters_from_schema, set_body};
use aide::transform::TransformOperation;
use schemars::{JsonSchema, Schema, json_schema};

use domain::attachment::FileType;

/// Describes a route.
pub type Docs = fn(TransformOperation<'_>) -> TransformOperation<'_>;

/// The security scheme of verified customers.
pub const PERSON: &str = "person";
/// The security scheme of a session.
pub const SESSION: &str = "session";
/// The shared response of all errors, among the components of the document.
pub const REFUSED: &str = "Refused";

/// Descriptions that several routes share.
pub trait Describe: Sized {
    /// Adds the parameters of a path.
    fn path_parameters(self, path: &str) -> Self;

    /// Adds the fields of `T` as query parameters.
    fn query<T: JsonSchema>(self) -> Self;

    /// Adds the `Idempotency-Key` header.
    fn idempotency_key(self) -> Self;

    /// Adds a JSON body of type `T`.
    fn json_body<T: JsonSchema>(self) -> Self;

    /// Adds a JSON body of type `T` with any `Content-Type`.
    fn untyped_json_body<T: JsonSchema>(self) -> Self;

    /// Adds a body of arbitrary bytes.
    fn bytes_body(self) -> Self;

    /// Allows that the body is left out.
    fn optional_body(self) -> Self;

    /// Requires a session or a token.
    fn requires_requester(self) -> Self;

    /// Allows these security schemes, and none.
    fn accepts(self, schemes: &[&str]) -> Self;

    /// Adds problem documents with these statuses.
    fn refused(self, statuses: &[u16]) -> Self;
}

impl Describe for TransformOperation<'_> {
    fn path_parameters(mut self, path: &str) -> Self {
        let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
        let parameters = names.map(|name| Parameter::Path {
            parameter_data: text_parameter(name, path_parameter(name), true, json_schema!({"type": "string"})),
            style: PathStyle::Simple,
        });
        in_context(|context| add_parameters(context, self.inner_mut(), parameters));
        self
    }

    fn query<T: JsonSchema>(mut self) -> Self {
        in_context(|context| {
            // Not among the components, because nothing else has this shape.
            let schema = T::json_schema(&mut context.schema);
            let parameters = parameters_from_schema(context, schema, ParamLocation::Query);
            add_parameters(context, self.inner_mut(), parameters);
        });
        self
    }

    fn idempotency_key(mut self) -> Self {
        let description =
            "1 to 255 visible ASCII characters. Repeating a key with the same body returns the same response.";
        let key = json_schema!({"type": "string", "pattern": "^([!#-~]{1,255}|\"[!#-~]{1,255}\")$"});
        let parameter_data = text_parameter("Idempotency-Key", description, true, key);
        let parameter = Parameter::Header { parameter_data, style: HeaderStyle::Simple };
        in_context(|context| add_parameters(context, self.inner_mut(), [parameter]));
        self.refused(&[400, 409])
    }

    fn json_body<T: JsonSchema>(self) -> Self {
        self.untyped_json_body::<T>().refused(&[415])
    }

    fn untyped_json_body<T: JsonSchema>(mut self) -> Self {
        in_context(|context| {
            let schema = context.schema.subschema_for::<T>();
            set_body(context, self.inner_mut(), body("application/json", schema));
        });
        self.refused(&[400, 408, 413, 422, 507])
    }

    fn bytes_body(mut self) -> Self {
        in_context(|context| set_body(context, self.inner_mut(), body("application/octet-stream", bytes())));
        self.refused(&[400, 408, 413, 507])
    }

    fn optional_body(mut self) -> Self {
        if let Some(ReferenceOr::Item(body)) = &mut self.inner_mut().request_body {
            body.required = false;
        }
        self
    }

    fn requires_requester(mut self) -> Self {
        self.inner_mut().security = [SESSION, PERSON].map(requirement).into();
        // The tickets of a session are moved to the customer who signs in, which needs disk space.
        self.refused(&[400, 401, 507])
    }

    fn accepts(mut self, schemes: &[&str]) -> Self {
        let anonymous = SecurityRequirement::default();
        let requirements = schemes.iter().copied().map(requirement);
        self.inner_mut().security = std::iter::once(anonymous).chain(requirements).collect();
        self.refused(&[400, 401])
    }

    fn refused(mut self, statuses: &[u16]) -> Self {
        let responses = &mut self.inner_mut().responses.get_or_insert_default().responses;
        for status in statuses {
            let refused = ReferenceOr::ref_(&format!("#/components/responses/{REFUSED}"));
            responses.insert(StatusCode::Code(*status), refused);
        }
        self
    }
}

/// Server-sent events.
pub enum EventStream {}

impl OperationOutput for EventStream {
    type Inner = Self;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        // A schema would describe a document, and tools apply it to each event.
        let content = [("text/event-stream".to_string(), MediaType::default())].into_iter().collect();
        Some(Response { description: "Server-sent events.".into(), content, ..Response::default() })
    }
}

/// A file, of any type that a site may take.
pub enum File {}

impl OperationOutput for File {
    type Inner = Self;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        Some(response("The file.", FileType::ALL.iter().map(|media| (media.word(), bytes()))))
    }
}

fn path_parameter(name: &str) -> &'static str {
    match name {
        "site" => "The public key of the site.",
        "destination" => "The destination's name in the site configuration.",
        _ => "The id.",
    }
}

fn text_parameter(name: &str, description: &str, required: bool, schema: Schema) -> ParameterData {
    ParameterData {
        name: name.into(),
        description: Some(description.into()),
        required,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema_object(schema)),
        example: None,
        examples: Default::default(),
        explode: None,
        extensions: Default::default(),
    }
}

fn requirement(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::from_iter([(scheme.to_string(), Vec::new())])
}

fn body(media: &str, schema: Schema) -> RequestBody {
    RequestBody { content: content([(media, schema)]), required: true, ..RequestBody::default() }
}

/// A response.
pub fn response<'a>(description: &str, schemas: impl IntoIterator<Item = (&'a str, Schema)>) -> Response {
    Response { description: description.into(), content: content(schemas), ..Response::default() }
}

fn content<'a, C: FromIterator<(String, MediaType)>>(schemas: impl IntoIterator<Item = (&'a str, Schema)>) -> C {
    let of_schema = |schema| MediaType { schema: Some(schema_object(schema)), ..MediaType::default() };
    schemas.into_iter().map(|(media, schema)| (media.to_string(), of_schema(schema))).collect()
}

fn schema_object(json_schema: Schema) -> SchemaObject {
    SchemaObject { json_schema, external_docs: None, example: None }
}

/// Binary data.
fn bytes() -> Schema {
    json_schema!({"type": "string", "format": "binary"})
}
