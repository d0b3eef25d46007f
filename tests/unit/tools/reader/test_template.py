"""The reader and templates that have nested applications."""

from __future__ import annotations

import pytest
from samtranslator.yaml_helper import yaml_parse

from tools.reader.intrinsics import referred
from tools.reader.template import Template, applications, load

SOURCE = yaml_parse("""
Parameters:
  ExampleApp: {Type: String, Default: "true"}
Mappings:
  Colours: {warm: {first: red, second: orange}}
Conditions:
  HasExample: !Equals [!Ref ExampleApp, "true"]
Resources:
  Example:
    Type: AWS::Serverless::Application
    Condition: HasExample
    Properties:
      Location: app/template.yaml
      Parameters: {Colour: !If [HasExample, red, blue]}
  Other:
    Type: AWS::Serverless::Application
    Properties: {Location: {ApplicationId: id, SemanticVersion: 1.0.0}}
  Mapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties:
      ApiId: !If [HasExample, !GetAtt Example.Outputs.ApiId, none]
      ApiMappingKey: !Sub "v1-${Example.Outputs.ApiStage}"
      DomainName: !GetAtt Example.Outputs.NoSuch
      Stage: !FindInMap [Colours, warm, second]
""")


def test_an_output_of_a_nested_application_is_an_attribute_of_it() -> None:
    mapping = Template(SOURCE, "us-west-2", {}).properties("Mapping")
    assert mapping["ApiId"] == "<ExampleApi>"
    assert referred(mapping["ApiId"]) == "ExampleApi"
    assert mapping["ApiMappingKey"] == "v1-$default"
    assert mapping["DomainName"] == "<Example.Outputs.NoSuch>"


def test_a_mapping_is_looked_up() -> None:
    assert Template(SOURCE, "us-west-2", {}).properties("Mapping")["Stage"] == "orange"


def test_a_nested_application_is_a_resource_with_its_parameters_and_condition() -> None:
    kind = "AWS::Serverless::Application"
    deployed = Template(SOURCE, "us-west-2", {}).of_type(kind)
    assert deployed["Example"]["Parameters"] == {"Colour": "red"}
    without = Template(SOURCE, "us-west-2", {"ExampleApp": "false"})
    assert set(without.of_type(kind)) == {"Other"}
    assert without.properties("Mapping")["ApiId"] == "none"


def test_what_an_application_has_is_found_by_its_name_and_the_application_s() -> None:
    stack = Template(SOURCE, "us-west-2", {})
    assert set(stack.parts()) == {"", "Example"}
    assert set(stack.every("AWS::Serverless::Function")) == {"ExampleFunction"}
    assert stack.of_type("AWS::Serverless::Function") == {}
    assert stack.place("ExampleApi") == ("Example", stack.nested["Example"], "Api")
    assert stack.place("Mapping") == ("", stack, "Mapping")
    with pytest.raises(KeyError):
        stack.place("Api")


def test_no_name_of_the_example_is_one_of_the_product() -> None:
    """So that `ExampleFunction` is the Function of Example, and nothing else."""
    for env in ("primary", "secondary"):
        stack = load(env)
        nested = stack.nested["Example"].resources
        assert not {f"Example{name}" for name in nested} & set(stack.resources)
        # A record of calls has a role's own name, without that of its application.
        assert not set(nested) & set(stack.resources)


def test_applications_are_found_by_their_local_path() -> None:
    assert applications(SOURCE) == {"Example": "app/template.yaml"}
